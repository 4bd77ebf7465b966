"""A box of the court that was taken over: what it publishes under its own name harms neither neighbours nor pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.fleet import service
from central.fleet.presence import Presence
from central.fleet.tables import Device, Gateway
from central.store import Store
from tests.central.desk import Desk, desk
from tests.central.locker import START, Locker

DEEP = b"[" * 100_000
PAYLOADS = (
    DEEP,
    b'{"nodes":' * 9_000,
    b'{"nodes": []}',
    b'{"nodes": {"\\ud800": {}}}',
    b'{"n": NaN}',
    b"\xff",
    b"",
    b"null",
)


@pytest.fixture
async def presence(store: Store) -> Presence:
    with store.write() as session:
        for name in ("locker-a", "locker-b"):
            session.add(Gateway(name=name, permit_secret=b"s" * 32, enrolled_at=START))
    return Presence(store, lambda: START)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
async def test_what_cannot_be_read_is_passed_over_and_the_neighbours_word_counts(
    store: Store, presence: Presence, payload: bytes
) -> None:
    presence.counts("locker-a", "wall-a", payload)
    presence.homie("locker-a", "$description", payload)
    presence.homie("locker-b", "$state", b"lost")
    presence.write(*presence.take())
    with store.read() as session:
        assert session.scalars(select(Device)).all() == []
        neighbour = service.find(session, "locker-b")
        assert neighbour is not None and neighbour.presence == "lost"


async def test_names_that_are_none_make_no_devices(store: Store, presence: Presence) -> None:
    for name in ("x" * 300, "\x00", "<b>", "a/b", "..", "", "gateway"):
        presence.counts("locker-a", name, b'{"noise": 1}' if name != "gateway" else b'{"<b>": 1}')
        presence.homie("locker-a", f"{name}/cell-1", b"open")
        presence.homie("locker-a", f"wall-a/{name}/", b"open")
    presence.write(*presence.take())
    with store.read() as session:
        assert session.scalars(select(Device)).all() == []


@pytest.fixture
def at(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Iterator[Desk]:
    with desk(Locker(store, court_key, tmp_path / "blobs")) as opened:
        yield opened


def test_what_a_device_says_of_itself_is_shown_as_text(store: Store, at: Desk) -> None:
    markup = "<b hx-post=/people hx-trigger=load>{name}</b>"
    with store.write() as session:
        box = service.find(session, "locker-a")
        assert box is not None
        device = Device(gateway_id=box.id, name="wall-a", product=markup, counts={markup: 3})
        session.add(device)
        described = {"name": markup, "datatype": markup, "format": markup, "unit": markup}
        device.description = {"name": markup, "properties": {markup: described, "cell-1": described}}
        device.states = {markup: markup, "cell-1": markup}
    at.sign_in("it")
    for page in ("/fleet", "/fleet/locker-a", "/fleet/locker-a/wall-a"):
        assert "<b hx-post" not in at.open(page)
    assert "&lt;b hx-post=/people hx-trigger=load&gt;{name}&lt;/b&gt;" in at.shown
