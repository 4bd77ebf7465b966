"""Programs of others that read at the broker: who is let in and put out, and what is said of it in central's book."""

import asyncio
import io
import re
import ssl
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central import pki
from central.clock import utc_now
from central.fleet import readers
from central.fleet.broker_conf import acl
from central.fleet.service import BROKER, TURNED_AWAY
from central.ledger.tables import CENTRAL, LedgerLine
from central.store import Store
from central.web.refused import Refused
from devices.journal import read_line
from tests.kit.mqtt import Heedful

from .box import NOON
from .broker import ADDRESS, CourtBroker
from .conftest import COURT
from .desk import Desk, desk
from .locker import Locker
from .test_app import installed, serving


@pytest.fixture
def authority(tmp_path: Path) -> pki.Authority:
    """A court's authority."""
    return pki.create(tmp_path / "pki", COURT, ["127.0.0.1"], NOON)


def add(store: Store, authority: pki.Authority, name: str = "desk") -> readers.Papers:
    with store.write() as session:
        return readers.add(session, authority, name, NOON, actor="system")


def serial(papers: readers.Papers) -> int:
    return x509.load_pem_x509_certificate(papers["desk.pem"]).serial_number


def test_a_reader_gets_root_certificate_and_key_and_may_read_how_devices_stand_alone(
    store: Store, authority: pki.Authority, tmp_path: Path
) -> None:
    files = readers.lay(add(store, authority), tmp_path / "desk")
    assert [file.name for file in files] == ["root.pem", "desk.pem", "desk.key"]
    subject = x509.load_pem_x509_certificate(files[1].read_bytes()).subject
    assert subject.rfc4514_string() == "CN=reader:desk"
    assert files[2].stat().st_mode & 0o077 == 0 and not authority.path("reader-desk.key").exists()
    assert readers.names(authority.folder) == ["desk"]
    assert acl(COURT, [], reading=["desk"]).endswith(
        "user reader:desk\ntopic read homie/5/#\ntopic read homeassistant/device/+/config\n"
    )


def test_certificates_that_were_renewed_or_removed_are_turned_away_and_all_is_on_record(
    store: Store, authority: pki.Authority
) -> None:
    woken: list[str] = []
    store.on_wake(BROKER, lambda: woken.append("lists"))
    store.on_wake(TURNED_AWAY, lambda *names: woken.extend(names))
    first = add(store, authority)
    with store.write() as session:
        second = readers.renew(session, authority, "desk", NOON, actor="system")
    assert readers.withdrawn(authority.folder) == [serial(first)] and woken == ["lists", "lists", "reader:desk"]
    assert [reader.certificate.serial_number for reader in readers.every(authority.folder)] == [serial(second)]
    with store.write() as session:
        readers.remove(session, authority, "desk", actor="system")
    assert {*readers.withdrawn(authority.folder)} == {serial(first), serial(second)}
    assert readers.names(authority.folder) == [] and woken[3:] == ["lists", "reader:desk"]
    add(store, authority)
    assert serial(first) in readers.withdrawn(authority.folder), "a name that comes back brings no old key back"
    with store.read() as session:
        raw = session.scalars(select(LedgerLine.raw).where(LedgerLine.gateway == CENTRAL).order_by(LedgerLine.id))
        told = [read_line(line) for line in raw]
    assert [line.type for line in told][-4:] == [
        "reader_admitted",
        "reader_renewed",
        "reader_removed",
        "reader_admitted",
    ]
    assert told[-4].body["certificate"] == told[-3].body["withdrawn"] != told[-2].body["withdrawn"]


def test_a_name_no_reader_has_or_may_have_is_refused(store: Store, authority: pki.Authority) -> None:
    with pytest.raises(Refused, match="没有名为"), store.write() as session:
        readers.remove(session, authority, "desk", actor="system")
    with pytest.raises(Refused, match="没有名为"), store.write() as session:
        readers.renew(session, authority, "desk", NOON, actor="system")
    with pytest.raises(Refused, match="不可用"):
        add(store, authority, "../desk")
    add(store, authority)
    with pytest.raises(Refused, match="请续签"):
        add(store, authority)


def test_the_page_gives_the_papers_once_and_only_to_whoever_keeps_the_fleet(
    store: Store, authority: pki.Authority, court_key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    locker = Locker(store, court_key, tmp_path / "blobs")
    with desk(locker) as at:
        at.client.app.state.authority = authority  # type: ignore[attr-defined]
        at.sign_in("clerk")
        at.open("/readers")
        at.send("/readers", 403, name="desk")
        at.send("/sign-out")
        at.sign_in("it")
        assert "还没有读取方" in at.open("/readers")
        assert "不可用" in at.send("/readers", 422, name="Desk 1")
        papers = downloaded(at, "/readers", name="desk")
        assert [*papers] == ["root.pem", "desk.pem", "desk.key"]
        again = downloaded(at, "/readers/desk/renew")
        assert readers.withdrawn(authority.folder) == [serial(papers)] and serial(again) != serial(papers)
        assert f"{readers.every(authority.folder)[0].ends:%Y-%m-%d}" in at.open("/readers")
        assert "还没有读取方" in at.send("/readers/desk/withdraw")
        at.open("/readers")
        at.send("/readers/desk/withdraw", 404)


def downloaded(at: Desk, path: str, **fields: str) -> dict[str, bytes]:
    word = re.search(r'name="csrf" content="(\w+)"', at.shown)
    assert word
    answer = at.client.post(path, data={"csrf": word[1], **fields})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        return {name: file.read(name) for name in file.namelist()}


async def test_a_renewed_or_removed_reader_leaves_the_broker_at_once_and_does_not_come_back(tmp_path: Path) -> None:
    broker, settings = installed(tmp_path)
    with broker.up():
        async with serving(settings) as (app, _):
            store, authority = app.state.store, app.state.authority
            first = add(store, authority)
            async with reading(broker, first, tmp_path) as standing:
                with store.write() as session:
                    second = readers.renew(session, authority, "desk", utc_now(), actor="system")
                await ended(standing)
            async with reading(broker, second, tmp_path) as standing:
                with pytest.raises(aiomqtt.MqttError):
                    async with reading(broker, first, tmp_path):
                        pass
                with store.write() as session:
                    readers.remove(session, authority, "desk", actor="system")
                await ended(standing)


@asynccontextmanager
async def reading(broker: CourtBroker, papers: readers.Papers, folder: Path) -> AsyncIterator[aiomqtt.Client]:
    """At the broker with these papers."""
    ca, certificate, key = readers.lay(papers, folder / "papers")
    tls = ssl.create_default_context(cafile=str(ca))
    tls.load_cert_chain(certificate, key)
    v5 = aiomqtt.ProtocolVersion.V5
    client = Heedful(ADDRESS, broker.place.port, tls_context=tls, protocol=v5, identifier="any", timeout=20)
    async with client:
        await client.subscribe("homie/5/#", 1)
        yield client


async def ended(standing: aiomqtt.Client) -> None:
    """Return once the broker has ended that connection."""
    async with asyncio.timeout(20):
        with pytest.raises(aiomqtt.MqttError):
            async for _ in standing.messages:
                pass
