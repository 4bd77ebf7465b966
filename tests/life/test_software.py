"""A release goes from central to a box, which is killed as it tries it and keeps it; one that dies is given back."""

import sys
from pathlib import Path

import pytest

from devices.journal import read_line
from tests.kit.installation import Box, Installation
from tests.kit.process import Process, run, until
from tests.kit.wheels import DYING, wheel

AGAIN_AND_AGAIN = 'while :; do "$@"; code=$?; echo "ended with $code"; [ $code = 0 ] && exit 0; sleep 0.2; done'
"""What the service manager does."""


def launched(court: Installation, name: str) -> Box:
    """A box whose service manager starts the launcher."""
    box = court.add_box(name)
    launcher = (sys.executable, "-m", "gateway.launch", box.data / "software")
    gateway = ("run", box.file, "--simulate", "--emulators", box.ports)
    command = ["sh", "-c", AGAIN_AND_AGAIN, "sh", *launcher, *gateway]
    court.processes[box.gateway] = Process(box.gateway, command, court.folder / "gateway.log", '"event": "ready"')
    court.start(box.emulators, box.gateway)
    return box


def roll_out(court: Installation, box: Box, release: str, entry: str = "", **more: str) -> None:
    """Pack a release of one package, take it in and bring it to the box."""
    folder = court.folder / release
    folder.mkdir()
    packed, content = wheel(
        release, *([entry] if entry else []), more={f"{name}.py": text for name, text in more.items()}
    )
    (folder / packed.file).write_bytes(content)
    bundle = court.folder / f"{release}.zip"
    run(Path(sys.executable).with_name("courtside-central"), "software", "pack", folder, bundle)
    court.central("software add", bundle)
    court.central("software rollout", release, box.name)


def told(court: Installation, box: Box, type_: str, release: str) -> bool:
    """True once central has that line of the box."""
    lines = [read_line(raw) for _, _, raw in court.ledger(box.name)]
    return any(line.type == type_ and line.body["release"] == release for line in lines)


def rolled_out(court: Installation) -> tuple[str, str]:
    """State of the newest roll-out, and why."""
    (row,) = court._rows(court.home / "central.db", "SELECT state, why FROM rollouts ORDER BY id DESC LIMIT 1")
    return str(row[0]), str(row[1])


def version(court: Installation, box: Box) -> str:
    """Which software central says the box has."""
    return str(court._rows(court.home / "central.db", "SELECT version FROM gateways WHERE name = ?", box.name)[0][0])


@pytest.mark.long
def test_a_box_gets_other_software_survives_a_kill_and_gives_back_what_dies_at_its_start(court: Installation) -> None:
    box = launched(court, "locker-a")
    court.drain(box)
    roll_out(court, box, "0.2.0")
    until("it is tried", lambda: any(b'"software_tried"' in raw for _, raw in court.journal(box)))
    court.kill9(box.gateway)
    court.start(box.gateway)
    until("it is kept", lambda: told(court, box, "software_kept", "0.2.0"))
    until("the roll-out is done", lambda: rolled_out(court)[0] == "done")
    assert version(court, box) == "0.2.0"

    roll_out(court, box, "0.3.0", "dying:main", dying=DYING)
    until("it is given back", lambda: told(court, box, "software_refused", "0.3.0"))
    until("the roll-out waits for a person", lambda: rolled_out(court)[0] == "paused")
    assert "3 times" in rolled_out(court)[1]
    assert ("software_refused", box.name) in court.alarms()
    court.drain(box)
    assert version(court, box) == "0.2.0"
    court.stop(box.gateway)
