"""`serve`: central's HTTP door, and the court's own broker beside it if asked for."""

import asyncio
import contextlib
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from central.app import create_app
from central.cli.founding import place_of
from central.cli.plain import Fault
from central.fleet import broker_conf
from central.settings import Settings

_LOG = logging.getLogger(__name__)
_LAST_ANSWERS_S = 2
_LOOK_S = 1.0


def serve(told: Settings, *, with_broker: bool, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` hears the address once requests are answered.

    Raises Fault (port taken, broker ended), BrokerFailed, NoKeys.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    _on_stop(_end)
    door = _bind(told)
    with contextlib.ExitStack() as stack:
        stack.callback(door.close)
        broker = None
        if with_broker:
            place = place_of(told)
            if not (place.folder / broker_conf.ACL).exists():
                broker_conf.write_conf(place, told.court, [])
            broker = stack.enter_context(broker_conf.start_broker(place))
        asyncio.run(_serve(_server(told), door, broker, lambda: ready(told.public_url)))


def _server(told: Settings) -> uvicorn.Server:
    pki = told.home / "pki"
    tls = {"ssl_certfile": str(pki / "https.pem"), "ssl_keyfile": str(pki / "https.key")} if told.http.tls else {}
    config = uvicorn.Config(
        create_app(told),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS_S,  # live pages hold their connection for ever
        **tls,  # type: ignore[arg-type]
    )
    return uvicorn.Server(config)


async def _serve(
    server: uvicorn.Server, door: socket.socket, broker: subprocess.Popen[bytes] | None, ready: Callable[[], None]
) -> None:
    _on_stop(_pass)  # uvicorn hears signals while it serves, and raises them once more afterwards
    serving = asyncio.create_task(server.serve([door]))
    said = False
    while not serving.done():
        await asyncio.wait([serving], timeout=_LOOK_S if said else 0.02)
        if server.started and not said:
            said = True
            ready()
        if broker is not None and broker.poll() is not None and not server.should_exit:
            server.should_exit = True
            await serving
            raise Fault(f"the broker ended with code {broker.returncode}; see broker/mosquitto.log")
    await serving
    if not server.started:
        raise Fault("central did not start; the reason is above")


def _on_stop(heard: Callable[[int, FrameType | None], None]) -> None:
    for sort in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sort, heard)


def _end(_sort: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _pass(_sort: int, _frame: FrameType | None) -> None:
    pass


def _bind(told: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in told.http.host else socket.AF_INET
    door = socket.socket(family)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((told.http.host, told.http.port))
    except OSError as error:
        door.close()
        where = f"{told.http.host}:{told.http.port}"
        raise Fault(f"cannot listen on {where}: {error.strerror}; set http.port in central.yaml to another") from error
    return door
