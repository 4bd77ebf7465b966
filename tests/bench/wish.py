"""A wish on its way: from the first byte of the HTTP request to the first byte on the serial line."""

import json
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

from central.demo.court import CABINET, FIRST_BARCODE
from drivers.locks.kr_cu16 import wire
from tests.bench import bare_wish
from tests.bench.figures import Figure, most, told
from tests.kit.clerk import Clerk
from tests.kit.installation import Box, Installation
from tests.kit.mosquitto import Mosquitto
from tests.kit.process import until

WISHES = 200
"""So that the worst of them is not the figure."""
_FIRST = 10
_REST_S = 0.5
"""Between two wishes: the receipt of the last is printed by then."""
_ON_ITS_WAY_S = 0.2
"""Nobody looks while a wish is on its way, for looking takes the same two cores."""


def measure(court: Installation, box: Box, wishes: int = WISHES) -> list[Figure]:
    """A clerk hands one volume out and takes it in, again and again; each time the bare path goes too.

    So both meet the same disk and the same neighbours. The first few of each are not counted: they are what a
    start costs. The mandated rest between two questions on the bus is left out of the box's file: it is no work of
    ours.
    """
    box.file.write_text(box.file.read_text().replace("gap_s: 0.02", "gap_s: 0"))
    court.stop(box.gateway)
    court.start(box.gateway)
    until("central knows the gateway is there", lambda: court.is_there(box))
    court.drain(box)  # until central was heard the box trusts no time, and obeys nobody
    clerk = Clerk(court)
    clerk.deposit(court, box, FIRST_BARCODE)
    ours, bare = [], []
    with _bare_path() as bare_wish_goes:
        for path, body in _asked(_FIRST + wishes):
            ours.append(_one(court, box, clerk, path, body))
            bare.append(bare_wish_goes())
    ours, bare = ours[_FIRST:], bare[_FIRST:]
    return [
        most("wish, request to serial line, p99", _milliseconds(ours, 99), "ms", _milliseconds(bare, 99), 2.0),
        told("wish, request to serial line, p50", _milliseconds(ours, 50), "ms"),
        told("wish, bare, p50", _milliseconds(bare, 50), "ms"),
    ]


def _asked(wishes: int) -> Iterator[tuple[str, dict[str, object]]]:
    for number in range(wishes):
        if number % 2:
            yield "/deposits", {"volume": FIRST_BARCODE, "cabinet": CABINET, "scanned": True}
        else:
            yield "/hand-outs", {"volume": FIRST_BARCODE}


def _one(court: Installation, box: Box, clerk: Clerk, path: str, body: dict[str, object]) -> float:
    """Seconds the wish took; then the door is shut, and custody has moved."""
    begun, move = _post(court, clerk, path, body)
    time.sleep(_ON_ITS_WAY_S)
    cell = int(move["cell"].rpartition("-")[2])
    release = wire.unlock(0, cell - 1).hex(" ")
    reached = until("the latch is released", lambda: _seen(court.wire(box, box.wall), release, begun))
    until("the door is seen open", lambda: clerk.get(f"/moves/{move['id']}")["state"] == "OPENED")
    court.hand(box, box.wall, "shut", cell=cell)
    until("custody moves", lambda: clerk.get(f"/moves/{move['id']}")["state"] == "COMMITTED")
    time.sleep(_REST_S)
    return (int(reached) - begun) / 1e9


def _post(court: Installation, clerk: Clerk, path: str, body: dict[str, object]) -> tuple[int, dict[str, Any]]:
    """When the request began, by CLOCK_MONOTONIC in ns, and what was answered; the connection stands before."""
    trust = ssl.create_default_context(cafile=str(court.home / "pki" / "root.pem"))
    door = HTTPSConnection("localhost", court.http.base_url.port, context=trust, timeout=30)
    door.connect()
    said, headers = json.dumps(body).encode(), {**clerk.headers, "Content-Type": "application/json"}
    begun = time.monotonic_ns()
    door.request("POST", f"/api/v1{path}", said, headers)
    answer = door.getresponse()
    move = json.load(answer)
    door.close()
    if answer.status != HTTPStatus.CREATED:
        raise RuntimeError(f"{path}: {answer.status} {move}")
    return begun, dict(move)


def _seen(seen: Mapping[str, Any], data: str, since: int) -> int | None:
    """When these bytes first went to the device after that moment."""
    times = (at for (way, said), at in zip(seen["last"], seen["at_ns"], strict=True) if (way, said) == ("in", data))
    return next((at for at in times if at >= since), None)


@contextmanager
def _bare_path() -> Iterator[Callable[[], float]]:
    with tempfile.TemporaryDirectory() as folder:
        broker = Mosquitto(Path(folder) / "broker")
        broker.start()
        try:
            with bare_wish.path(broker.port, Path(folder)) as goes:
                yield goes
        finally:
            broker.stop()


def _milliseconds(took: list[float], percent: int) -> float:
    return statistics.quantiles(took, n=100)[percent - 1] * 1000
