"""Central's disk has no more room than is to be kept free: sound and images wait at the box, lines do not."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.kit.installation import Installation
from tests.kit.process import Failed, until

MORE_THAN_THERE_IS = 2.0**30


def test_lines_are_taken_while_uploads_wait_and_with_room_all_of_them_come(tmp_path: Path) -> None:
    with Installation(tmp_path / "court") as court:
        court.found()
        keep(court, MORE_THAN_THERE_IS)
        court.start("broker", "central")
        box = court.add_box("locker-a")
        court.start(box.emulators, box.gateway)
        court.drain(box)
        until("the desk is called", lambda: ("central_full", "central") in court.alarms())
        log = court.folder / "gateway-locker-a.log"
        until("the box is told to come again", lambda: "(507)" in log.read_text("utf-8"))
        court.drain(box)
        with pytest.raises(Failed, match="and less gateways must wait"):
            court.central("doctor")
        at_box = box.data / "blobs"
        kept = {path.name for path in at_box.iterdir() if not path.suffix}
        assert kept and not list(at_box.glob("*.stored"))
        assert not [path for path in (court.home / "blobs").rglob("*") if path.name in kept]
        court.stop(box.gateway, "central")
        keep(court, 0)
        court.start("central", box.gateway)  # the box anew too: it would wait up to two minutes
        until("all is stored", lambda: all((at_box / f"{name}.stored").exists() for name in kept))
        assert all((court.home / "blobs" / name[:2] / name).exists() for name in kept)
        until("the alarm has ended", lambda: not open_alarms(court))


def keep(court: Installation, gib: float) -> None:
    """How much of the disk central keeps free from its next start on."""
    file = court.home / "central.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text("utf-8")), "keep_free_gib": gib}), "utf-8")


def open_alarms(court: Installation) -> list[tuple[str]]:
    """What is wrong now."""
    with closing(sqlite3.connect(f"file:{court.home / 'central.db'}?mode=ro", uri=True, timeout=30)) as db:
        return db.execute("SELECT kind FROM alarms WHERE cleared_at IS NULL").fetchall()
