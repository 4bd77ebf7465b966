"""The key of the court's root is not at hand: kept in a safe, and later lost for good."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.kit.installation import small_court
from tests.kit.process import Failed, run
from tests.life.test_restores import books, codes_told, scanned

_GATEWAY = ROOT / ".venv" / "bin" / "courtside-gateway"


def test_a_court_works_without_its_root_key_and_goes_on_after_that_is_lost_as_the_guide_says(tmp_path: Path) -> None:
    with small_court(tmp_path / "court", "locker-a") as court:
        box = court.boxes["locker-a"]
        before = scanned(court, box, 5)
        (court.home / "pki" / "root.key").unlink()
        court.stop(box.gateway, "central")
        court.start("central", box.gateway)
        before |= scanned(court, box, 5)
        assert "root.key is not here" in court.central("doctor")
        url, token = court.central("gateway invite locker-b").split()[-2:]
        with pytest.raises(Failed, match=r"root\.key"):
            run(_GATEWAY, "enrol", url, token, "--data", tmp_path / "locker-b")

        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        court.central("export", "--from", str(yesterday), tmp_path / "last.zip")
        proven = run(_GATEWAY.with_name("courtside-central"), "verify", tmp_path / "last.zip", "--root", court.root)
        assert "OK" in proven
        court.stop(box.gateway, "central", "broker")
        known = {line.hash for line in books(court, box)[-1]}
        court.home.rename(court.folder / "home-lost")

        court.found()
        court.start("broker", "central")
        url, token = court.central("gateway invite", box.name).split()[-2:]
        (box.data / "identity.json").rename(tmp_path / "identity.json")
        run(_GATEWAY, "enrol", url, token, "--data", box.data)
        court.start(box.gateway)
        after = scanned(court, box, 5)
        (book,) = books(court, box)
        assert book[0].body["follows"] in known
        told = codes_told(court, box)
        assert after <= set(told) and not before & set(told)
        assert court.alarms() == []
