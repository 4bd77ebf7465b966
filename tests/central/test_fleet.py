"""Who belongs to the fleet, and what is known of it."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from central import pki
from central.alarms import AlarmKind, open_alarms
from central.app import PAGES
from central.fleet import broker_conf, service
from central.fleet.presence import Presence
from central.fleet.projector import FleetProjector, FleetWatcher
from central.fleet.tables import Device, Gateway
from central.ledger.accept import Accepted, Ledger
from central.ledger.tables import CENTRAL, LedgerLine
from central.store import Store
from central.web.refused import Refused
from devices.box import GATEWAY, DeviceBack, DeviceGone, IdentityContested, KeyChanged, LinesDropped, Started
from devices.claims import IdentityClaims
from devices.grants import BadToken, sign, thumbprint
from devices.journal import read_line
from devices.topics import NAME

from .box import NOON, Box
from .conftest import COURT
from .keys import request_for


@pytest.fixture
def authority(tmp_path: Path) -> pki.Authority:
    """A court's keys."""
    return pki.create(tmp_path / "pki", COURT, ["127.0.0.1"], NOON)


def join(store: Store, authority: pki.Authority, box: Box, *, replaces: bool = False) -> None:
    """Invite and enrol a box."""
    with store.write() as session:
        token = service.invite(session, box.name, authority, NOON, actor="person:1", replaces=replaces)
    with store.write() as session:
        service.enrol(session, token, request_for(box.key).decode(), "1.0", authority, NOON)


def take(store: Store, box: Box, first: int = 1) -> Accepted:
    """Take in what the box wrote, as the ingest does."""
    with store.write() as session:
        sender = service.sender(session, box.name)
        assert sender is not None
        return Ledger(COURT, [FleetProjector()]).accept(session, sender, *box.batch(first))


def alarms(store: Store) -> set[tuple[str, str]]:
    """Open alarms."""
    with store.read() as session:
        return {(alarm.kind, alarm.subject) for alarm in open_alarms(session)}


def test_a_token_names_the_root_and_enrols_once(store: Store, authority: pki.Authority) -> None:
    request = request_for(Ed25519PrivateKey.generate()).decode()
    with store.write() as session:
        token = service.invite(session, "locker-a", authority, NOON, actor="person:1")
    assert token.rpartition(".")[2] == authority.root_fingerprint[:32]
    with store.write() as session:
        enrolled = service.enrol(session, token, request, "1.0", authority, NOON)
        assert enrolled.gateway.keys[0].fingerprint == pki.fingerprint(enrolled.certificate)
    with pytest.raises(Refused), store.write() as session:
        service.enrol(session, token, request, "1.0", authority, NOON)
    with store.read() as session:
        told = session.scalars(select(LedgerLine.type).where(LedgerLine.gateway == CENTRAL).order_by(LedgerLine.id))
        assert list(told) == ["book_opened", "gateway_invited", "gateway_enrolled"]


def test_a_token_that_is_over_or_unknown_enrols_nobody(store: Store, authority: pki.Authority) -> None:
    request = request_for(Ed25519PrivateKey.generate()).decode()
    with store.write() as session:
        token = service.invite(session, "locker-a", authority, NOON, actor="person:1")
    for wrong, now in ((token, NOON + service.INVITE_LIFE + timedelta(seconds=1)), ("x.y", NOON)):
        with pytest.raises(Refused), store.write() as session:
            service.enrol(session, wrong, request, "1.0", authority, now)


def test_a_bad_request_leaves_the_invitation_good(store: Store, authority: pki.Authority) -> None:
    with store.write() as session:
        token = service.invite(session, "locker-a", authority, NOON, actor="person:1")
    with pytest.raises(Refused), store.write() as session:
        service.enrol(session, token, "nonsense", "1.0", authority, NOON)
    with store.write() as session:
        service.enrol(session, token, request_for(Ed25519PrivateKey.generate()).decode(), "1.0", authority, NOON)


@pytest.mark.parametrize("name", ["host", "central", "Locker A", "a/b", "+", ""])
def test_names_that_no_topic_may_hold_are_not_invited(store: Store, authority: pki.Authority, name: str) -> None:
    with pytest.raises(Refused), store.write() as session:
        service.invite(session, name, authority, NOON, actor="person:1")


def paths(routes: Iterable[Any]) -> Iterator[str]:
    for route in routes:
        yield from [route.path] if hasattr(route, "path") else paths(route.original_router.routes)


def test_no_gateway_gets_a_name_under_which_another_page_stands(store: Store, authority: pki.Authority) -> None:
    known = {tuple(path.split("/")) for pages in PAGES for path in paths(pages.router.routes)}
    beside = {path[: path.index("{gateway}")] for path in known if "{gateway}" in path}
    taken = {path[len(at)] for at in beside for path in known if path[: len(at)] == at and len(path) > len(at)}
    names = {name for name in taken if NAME.fullmatch(name)}
    assert names >= {"availability", "invite", "map"}
    for name in names:
        with pytest.raises(Refused, match="页面的地址"), store.write() as session:
            service.invite(session, name, authority, NOON, actor="person:1")


def test_a_box_that_replaces_another_seals_with_its_own_key_from_then_on(
    store: Store, authority: pki.Authority
) -> None:
    old, new = Box(), Box()
    join(store, authority, old)
    take(store, old)
    woken: list[str] = []
    store.on_wake(service.BROKER, lambda: woken.append("lists"))
    store.on_wake(service.TURNED_AWAY, lambda *names: woken.extend(names))
    join(store, authority, new, replaces=True)
    assert woken == ["lists", "locker-a"]
    new.begin("book-2", why="new")
    assert take(store, new).result == "stored"
    old.doors(1)
    assert take(store, old, 2).result == "refused"
    with store.read() as session:
        own = select(LedgerLine).where(LedgerLine.gateway == CENTRAL).order_by(LedgerLine.id.desc()).limit(3)
        told = [read_line(line.raw) for line in reversed(session.scalars(own).all())]
    assert [line.type for line in told] == ["gateway_state_changed", "gateway_enrolled", "gateway_replaced"]
    assert (told[0].body["to"], told[2].body["old"], told[2].body["new"]) == ("revoked", [old.kid], new.kid)


def test_a_name_in_use_is_given_away_only_to_a_box_that_is_said_to_replace_it(
    store: Store, authority: pki.Authority
) -> None:
    with pytest.raises(Refused, match="可以更换"):
        join(store, authority, Box(), replaces=True)
    with store.write() as session:
        early = service.invite(session, "locker-a", authority, NOON, actor="person:1")
    join(store, authority, Box())
    with pytest.raises(Refused, match="正在使用"):
        join(store, authority, Box())
    request = request_text(Ed25519PrivateKey.generate())
    with pytest.raises(Refused, match="正在使用"), store.write() as session:
        service.enrol(session, early, request, "1.0", authority, NOON)


def test_a_revoked_gateway_is_nobody_and_comes_back_only_by_enrolment(store: Store, authority: pki.Authority) -> None:
    box, woken = Box(), list[str]()
    store.on_wake(service.BROKER, lambda: woken.append("broker"))
    join(store, authority, box)
    with store.write() as session:
        gateway = session.scalars(select(Gateway)).one()
        service.set_state(session, gateway, "revoked", NOON, actor="person:1", why="stolen")
    with store.read() as session:
        assert service.sender(session, box.name) is None
    with pytest.raises(Refused), store.write() as session:
        service.set_state(session, session.scalars(select(Gateway)).one(), "active", NOON)
    assert woken == ["broker", "broker"]
    join(store, authority, Box())
    with store.read() as session:
        assert service.sender(session, box.name) is not None


def test_a_contested_identity_is_suspended_and_told_so(store: Store, authority: pki.Authority) -> None:
    box = Box()
    join(store, authority, box)
    box.write(IdentityContested(takeovers=3), GATEWAY)
    take(store, box)
    box.doors(1)
    assert take(store, box, 3).result == "suspended"
    assert alarms(store) == {(AlarmKind.IDENTITY_CONTESTED, "locker-a")}


def test_what_a_gateway_tells_of_itself_stands_in_the_registry(store: Store, authority: pki.Authority) -> None:
    box = Box()
    join(store, authority, box)
    box.write(Started(version="2.0", catalogue="c" * 64, simulated=True, devices={"wall-a": "locks/kr_cu16"}), GATEWAY)
    box.write(DeviceGone(why="unplugged"))
    box.write(LinesDropped(count=3), GATEWAY)
    take(store, box)
    with store.read() as session:
        device = session.scalars(select(Device)).one()
        assert (device.product, device.kind, device.presence) == ("locks/kr_cu16", "locks", "gone")
        assert (device.gateway.version, device.gateway.simulated) == ("2.0", True)
    assert alarms(store) == {(AlarmKind.DEVICE_GONE, "locker-a/wall-a"), (AlarmKind.LOSS_DECLARED, "locker-a")}
    done = len(box.raws)
    box.write(DeviceBack(verified=False))
    take(store, box, done + 1)
    with store.read() as session:
        device = session.scalars(select(Device)).one()
        assert (device.presence, device.verified) == ("back", False)
    assert (AlarmKind.DEVICE_GONE, "locker-a/wall-a") not in alarms(store)


def test_news_of_a_gone_device_alarms_before_its_line_is_committed(store: Store, authority: pki.Authority) -> None:
    box = Box()
    join(store, authority, box)
    raw = box.write(DeviceGone(why="unplugged"))
    with store.write() as session:
        Ledger(COURT, watchers=[FleetWatcher()]).notice(session, box.name, raw)
    assert alarms(store) == {(AlarmKind.DEVICE_GONE, "locker-a/wall-a")}


async def test_homie_topics_tell_who_is_there_and_what_hangs_on_it(store: Store, authority: pki.Authority) -> None:
    join(store, authority, Box())
    presence = Presence(store, lambda: NOON)
    node = {"name": "wall-a", "properties": {"cell-1": {"name": "Cell 1", "datatype": "enum", "format": "open,shut"}}}
    presence.homie("locker-a", "$description", json.dumps({"homie": "5.0", "nodes": {"wall-a": node}}).encode())
    presence.homie("locker-a", "wall-a/cell-1", b"open")
    presence.homie("locker-a", "$state", b"ready")
    presence.homie("stranger", "$state", b"ready")
    presence.homie("locker-a", "wall-a/cell-1/set", b"open")
    presence.homie("locker-a", "wall-a/noise", b"\xff")
    presence.counts("locker-a", "wall-a", b'{"noise": 4}')
    presence.counts("locker-a", "wall-a", b"[")
    presence.write(*presence.take())
    with store.read() as session:
        gateway = session.scalars(select(Gateway)).one()
        (device,) = gateway.devices
        assert (gateway.presence, gateway.is_there, gateway.last_seen) == ("ready", True, NOON)
        assert device.description == node
        assert (device.states, device.counts) == ({"cell-1": "open"}, {"noise": 4})
    presence.homie("locker-a", "$state", b"lost")
    presence.write(*presence.take())
    assert alarms(store) == {(AlarmKind.GATEWAY_LOST, "locker-a")}
    presence.homie("locker-a", "$state", b"ready")
    presence.write(*presence.take())
    assert alarms(store) == set()


def test_a_gateway_is_known_at_the_http_door_by_its_own_key_for_a_minute(
    store: Store, authority: pki.Authority
) -> None:
    box = Box()
    join(store, authority, box)
    iat = int(NOON.timestamp())

    def token(key: Ed25519PrivateKey = box.key, aud: str = COURT, name: str = "locker-a", life: int = 60) -> str:
        return sign("gateway", IdentityClaims(iss=name, aud=aud, iat=iat, exp=iat + life).write(), key)

    with store.read() as session:
        assert service.authenticate(session, token(), COURT, NOON).name == "locker-a"
        for bad, now in (
            (token(), NOON + timedelta(seconds=66)),
            (token(life=3600), NOON),
            (token(Ed25519PrivateKey.generate()), NOON),
            (token(aud="elsewhere"), NOON),
            (token(name="nobody"), NOON),
            ("no token", NOON),
        ):
            with pytest.raises(BadToken):
                service.authenticate(session, bad, COURT, now)


def request_text(key: Ed25519PrivateKey) -> str:
    return request_for(key).decode()


def test_a_certificate_is_renewed_and_the_old_key_goes_when_nothing_can_be_sent_again(
    store: Store, authority: pki.Authority
) -> None:
    box, new = Box(), Ed25519PrivateKey.generate()
    join(store, authority, box)
    asked = []
    for _ in range(2):
        with store.write() as session:
            gateway = service.find(session, box.name)
            assert gateway is not None
            asked.append(service.certify_next(session, gateway, request_text(new), authority, NOON))
    assert asked[0] == asked[1]
    with store.read() as session:
        told = session.scalars(select(LedgerLine.type).where(LedgerLine.gateway == CENTRAL).order_by(LedgerLine.id))
        assert list(told)[-2:] == ["gateway_enrolled", "certificate_renewed"]
    box.write(KeyChanged(key=thumbprint(new.public_key())), GATEWAY)
    changed = len(box.raws)
    assert take(store, box).seq == changed
    assert take(store, box).result == "again"
    box.key = new
    box.doors(1)
    assert take(store, box, changed + 1).result == "stored"
    changed_at = box.begun + timedelta(seconds=changed)
    for wait, left in ((timedelta(0), 2), (timedelta(seconds=1), 1)):
        with store.write() as session:
            service.sweep(session, changed_at + service.HANDED_OVER + wait)
        with store.read() as session:
            sender = service.sender(session, box.name)
            assert sender is not None and len(sender.keys) == left
            assert len(broker_conf.withdrawn(session)) == 2 - left
    assert list(sender.keys) == [box.kid]
    assert alarms(store) == set()


def test_gateways_whose_certificate_is_about_to_end_are_named(store: Store, authority: pki.Authority) -> None:
    soon = replace(authority, gateway_life=timedelta(days=30))
    join(store, soon, Box("locker-a"))
    join(store, authority, Box("locker-b"))
    with store.read() as session:
        assert service.ending(session, NOON + timedelta(days=31)) == ["locker-a"]
        assert service.ending(session, NOON + timedelta(days=29)) == []


async def test_what_homie_says_once_outlives_a_database_that_is_away_for_a_moment(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.write() as session:
        session.add(Gateway(name="locker-a", permit_secret=b"s" * 32, enrolled_at=NOON))
    monkeypatch.setattr("central.fleet.presence._AGAIN_S", 0)
    presence, written, tried = Presence(store, lambda: NOON), asyncio.Event(), list[str]()
    write, loop = presence.write, asyncio.get_running_loop()

    def away_at_first(*told: Any) -> None:
        if not tried:
            tried.append("away")
            presence.homie("locker-a", "wall-a/cell-2", b"open")
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        write(*told)
        loop.call_soon_threadsafe(written.set)

    monkeypatch.setattr(presence, "write", away_at_first)
    presence.homie("locker-a", "$state", b"lost")
    presence.homie("locker-a", "wall-a/cell-2", b"shut")
    running = asyncio.create_task(presence.run())
    async with asyncio.timeout(30):
        await written.wait()
    running.cancel()
    with store.read() as session:
        box = service.find(session, "locker-a")
        assert box is not None and box.presence == "lost"
        assert session.scalars(select(Device)).one().states == {"cell-2": "open"}
