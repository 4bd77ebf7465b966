"""Requests made to fill the memory, by anybody who reaches the door."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.store import Store
from central.web.limits import MAX_BODY
from tests.central.desk import Desk, desk
from tests.central.locker import Locker

MIB = 1024 * 1024
FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}
PART = b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n' + b"a" * (15 * MIB) + b"\r\n"


@pytest.fixture
def at(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Iterator[Desk]:
    with desk(Locker(store, court_key, tmp_path / "blobs")) as opened:
        yield opened


def test_a_body_without_end_is_cut_off_before_anybody_signed_in(at: Desk) -> None:
    given = 0

    def endless() -> Iterator[bytes]:
        nonlocal given
        while given < 4 * MAX_BODY:
            given += MIB
            yield b"a" * MIB

    answer = at.client.post("/sign-in", content=endless(), headers=FORM)
    assert answer.status_code == 413
    answer = at.client.post("/sign-in", content=PART * 3, headers=MULTIPART)
    assert answer.status_code == 413
