"""A furnished court of real processes whose locker has a display, for tests that look at it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from central.cli.works import courtroom
from central.demo.court import furnish
from devices.journal import read_line
from gateway.simulator.told import running
from tests.kit.installation import Box, Installation
from tests.kit.process import until

_UNLOCK = 0x31  # devices.md 1a
_DISPLAY = re.compile(r"display's page is at (http://[^\s\"]+)")


@contextmanager
def furnished(
    folder: Path, left_open_s: float = 60, devices: Mapping[str, Mapping[str, Any]] | None = None
) -> Iterator[tuple[Installation, Box]]:
    """The court of the demo with its locker and more `devices`; a door is left open after so many seconds."""
    with Installation(folder) as court:
        court.found()
        with courtroom(court.home) as opened:
            furnish(opened)
        court.start("broker", "central")
        box = court.add_box("locker-a")
        told = yaml.safe_load(box.file.read_text())
        told["stations"]["locker"] |= {"left_open_s": left_open_s, "screen_port": 0}
        told["devices"] |= devices or {}
        box.file.write_text(yaml.safe_dump(told))
        court.start(box.emulators, box.gateway)
        yield court, box


def display(court: Installation, box: Box) -> str:
    """Address of the display a station of that box has of its own."""
    log = court.processes[box.gateway].log
    return str(until("the display is served", lambda: _DISPLAY.findall(log.read_text()))[-1])


def buttons(court: Installation, box: Box) -> str:
    """Address of the page with the emulated devices' buttons."""
    return running(box.ports).page


def asked_to_open(court: Installation, box: Box, cell: int) -> int:
    """How often bytes on the serial line asked the board to let go of that cell's latch."""
    frames = [bytes.fromhex(piece) for way, piece in court.wire(box, box.wall)["last"] if way == "in"]
    return len([frame for frame in frames if frame[1:3] == bytes((cell - 1, _UNLOCK))])


def wait_open(court: Installation, box: Box, cell: int) -> None:
    """Return once the door of that cell has sprung open and the gateway has seen it."""
    until(f"cell {cell} is seen open", lambda: _seen(court, box, cell) == "open")


def shut(court: Installation, box: Box, cell: int) -> None:
    """Push the door shut by hand."""
    wait_open(court, box, cell)
    court.hand(box, box.wall, "shut", cell=cell)


def receipts(court: Installation, box: Box) -> list[str]:
    """The text of each receipt that came out of the printer."""
    return ["\n".join(rows) for rows in court.look(box, box.slip)["receipts"]]


def _seen(court: Installation, box: Box, cell: int) -> str:
    lines = [read_line(raw) for _, raw in court.journal(box)]
    seen = [line.body["door"] for line in lines if line.type == "door_changed" and line.body["cell"] == cell]
    return str(seen[-1]) if seen else ""
