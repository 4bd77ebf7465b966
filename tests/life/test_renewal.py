"""A certificate that is about to end renews itself, over a real broker, while facts flow and the box is killed."""

from pathlib import Path

import pytest
import yaml

from devices.grants import thumbprint
from devices.journal import read_line
from gateway.identity import private_key
from tests.kit.installation import Installation
from tests.kit.process import until

_DAYS = 0.0025
"""Certificates begin ten minutes before they are made, so that one of less than four minutes is due at once."""


@pytest.mark.long  # each step of it, with kills between, is in tests/gateway/test_renewal.py
def test_a_box_renews_its_certificate_by_itself_and_loses_nothing(tmp_path: Path) -> None:
    with Installation(tmp_path / "court") as court:
        court.found()
        settings = court.home / "central.yaml"
        settings.write_text(settings.read_text() + f"certificate_days: {_DAYS}\n")
        court.start("broker", "central")
        box = court.add_box("locker-a")
        box.file.write_text(yaml.safe_dump({**yaml.safe_load(box.file.read_text()), "rtc_healthy": True}))
        first = kid_of(box.data)
        court.start(box.emulators, box.gateway)
        until("its key is another", lambda: kid_of(box.data) != first)
        court.drain(box)
        court.kill9(box.gateway)
        court.start(box.gateway)
        court.drain(box)
        lines = [read_line(raw) for _, _, raw in court.ledger(box.name)]
        (changed, *_) = [line.body["key"] for line in lines if line.type == "key_changed"]
        assert changed != first
        kinds = {kind for kind, _ in court.alarms()}
        assert not kinds & {"bad_seal", "chain_broken", "fork", "identity_contested"}
        own = [read_line(raw) for _, _, raw in court.ledger("central")]
        assert changed in [line.body["key"] for line in own if line.type == "certificate_renewed"]


def kid_of(data: Path) -> str:
    """The key in use, read while the box may be exchanging it: nothing here may finish what the box has begun."""
    return thumbprint(private_key(data / "key.pem").public_key())
