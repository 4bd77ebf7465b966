"""The pages and the API of electronic dossiers, as people and programs use them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.dossiers.opened import Opener
from central.store import Store
from tests.central.desk import Desk, desk
from tests.central.locker import Locker
from tests.central.shelf import Shelf
from tests.kit import paper


@pytest.fixture
def shelf(court_key: Ed25519PrivateKey, tmp_path: Path) -> Iterator[Shelf]:
    store = Store(f"sqlite:///{tmp_path / 'central.db'}")
    store.create_tables()
    locker = Locker(store, court_key, tmp_path / "blobs")
    with Opener(locker.blobs.get) as opener:
        yield Shelf(locker, opener)
    store.close()


@pytest.fixture
def at(shelf: Shelf) -> Iterator[Desk]:
    with desk(shelf.locker) as opened:
        yield opened


def slip(text: str) -> bytes:
    return paper.jpeg(paper.drawn(text, 200, paper.SLIP_MM), 200)


def test_empty_pages_teach(at: Desk) -> None:
    at.sign_in("clerk")
    assert "还没有电子卷宗" in at.open("/edossiers")
    assert "把文件拖到这里" in at.open("/edossiers/1/intake")
    assert "还没有可以编目的文书" in at.open("/edossiers/1/catalogue")
    assert "这里还没有可以阅读的页面" in at.open("/edossiers/1")
    assert "CSD-SEP-19" in at.open("/edossiers/1/separators")
