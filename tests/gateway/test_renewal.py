"""The certificate renews itself: proven before the old one goes, told in the journal, and safe from every kill."""

import asyncio
import json
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from devices.grants import BadToken, keys_of, read, thumbprint
from gateway.broker import NotAdmitted
from gateway.clock import Clock
from gateway.identity import NEXT_KEY, Identity, load, private_key
from gateway.journal import Journal
from gateway.renewal import SHARE, NotRenewed, Renewal, due_at
from tests.gateway.test_uplink import Box, running
from tests.kit.court import COURT, Court, FakeCentral, fake_central
from tests.kit.http import Answer, Request, serving
from tests.kit.mosquitto import Mosquitto
from tests.kit.renewing import RENEWED

CHANGES = 9
"""To files: three drafts and their names, and three renamings that take the new pair up."""


class Door:
    """Central's HTTP door as far as certificates go."""

    def __init__(self, court: Court) -> None:
        self.court = court
        self.certify = court.certify
        self.certified: list[str] = []
        self.keys: dict[str, Ed25519PrivateKey] = {}
        """Keys it knows the gateway by."""
        self.lose_answers = 0
        self.find_key: Callable[[x509.CertificateSigningRequest], Ed25519PrivateKey] | None = None

    def answer(self, request: Request) -> Answer:
        token = request.headers["authorization"].removeprefix("Bearer ")
        known = keys_of(key.public_key() for key in self.keys.values())
        try:
            read("gateway", token, known, "locker-a", COURT)
        except BadToken as error:
            return Answer(401, str(error).encode())
        if request.method == "GET":
            return Answer(200, b'{"gateway": "locker-a"}')
        asked = x509.load_pem_x509_csr(json.loads(request.body)["csr"].encode())
        key = asked.public_key()
        self.certified.append(thumbprint(key))
        if self.find_key is not None:
            self.keys[thumbprint(key)] = self.find_key(asked)
        if self.lose_answers:
            self.lose_answers -= 1
            return Answer(cut=True)
        pem = self.certify("locker-a", key).public_bytes(Encoding.PEM).decode()
        return Answer(201, json.dumps({"certificate": pem}).encode())


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    return Court(tmp_path_factory.mktemp("court"))


@pytest.fixture
def broker(court: Court, tmp_path: Path) -> Iterator[Mosquitto]:
    mosquitto = court.broker(tmp_path / "broker")
    mosquitto.start()
    yield mosquitto
    mosquitto.kill()


@pytest.fixture
def door(court: Court) -> Iterator[Door]:
    door = Door(court)
    with serving(door.answer) as url:
        door.url = url  # type: ignore[attr-defined]
        yield door


@pytest.fixture
def identity(court: Court, broker: Mosquitto, door: Door, tmp_path: Path) -> Identity:
    url = door.url  # type: ignore[attr-defined]
    made = court.identity("locker-a", tmp_path / "identity", (broker.host, broker.port), url)
    door.keys[made.kid] = made.key
    door.find_key = lambda _: private_key(tmp_path / "identity" / NEXT_KEY)
    return made


@pytest.fixture
async def central(court: Court, identity: Identity, broker: Mosquitto) -> AsyncIterator[FakeCentral]:
    async with fake_central(court, identity, broker) as it:
        yield it


def renewal(identity: Identity, box: Box) -> Renewal:
    return Renewal(identity, box.journal, box.uplink.prove, _at_once)


def serial(identity: Identity) -> int:
    return x509.load_pem_x509_certificate(identity.certificate.read_bytes()).serial_number


async def test_another_certificate_is_proven_at_the_broker_and_seals_from_then_on(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    old, old_serial = identity.kid, serial(identity)
    async with running(identity, tmp_path / "journal.db") as box:
        await box.doors(2)
        await central.until(lambda c: len(c.lines) == 3)
        await renewal(identity, box).renew()
        await box.doors(1)
        await central.until(lambda c: len(c.lines) == 5)
        assert (central.lines[3].type, central.lines[3].body["key"]) == ("key_changed", identity.kid)
        assert box.uplink.reconnects == 1
    assert identity.kid != old and serial(identity) != old_serial
    again = load(tmp_path / "identity")
    assert (again.kid, list(again.old_keys)) == (identity.kid, [old])
    async with running(again, tmp_path / "journal.db") as box:
        await box.doors(1)
        await central.until(lambda c: len(c.lines) == 6)


async def test_a_certificate_the_broker_does_not_take_is_not_taken_up(
    identity: Identity, door: Door, central: FakeCentral, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.broker._TRIAL_S", 600.0)  # that it is refused is heard, not waited for
    door.certify = Court(tmp_path / "another").certify
    old, old_serial = identity.kid, serial(identity)
    async with running(identity, tmp_path / "journal.db") as box:
        with pytest.raises(NotAdmitted, match="hung up"):
            async with asyncio.timeout(60):
                await renewal(identity, box).renew()
        await box.doors(1)
        await central.until(lambda c: len(c.lines) == 2)
    assert (load(tmp_path / "identity").kid, serial(identity)) == (old, old_serial)


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(
    identity: Identity, door: Door, central: FakeCentral, tmp_path: Path
) -> None:
    door.lose_answers = 1
    async with running(identity, tmp_path / "journal.db") as box:
        with pytest.raises((NotRenewed, OSError)):
            await renewal(identity, box).renew()
        await renewal(identity, box).renew()
    assert door.certified == [identity.kid, identity.kid]


async def test_a_key_central_knows_nothing_of_is_made_anew(
    identity: Identity, door: Door, central: FakeCentral, tmp_path: Path
) -> None:
    old = identity.kid
    async with running(identity, tmp_path / "journal.db") as box:
        find, door.find_key = door.find_key, None
        with pytest.raises(NotRenewed, match="does not know the new key"):
            await renewal(identity, box).renew()
        door.find_key = find
        await renewal(identity, box).renew()
    assert len(set(door.certified)) == 2 and identity.kid == door.certified[1] != old


def test_it_is_due_after_a_share_of_its_life_and_not_for_all_boxes_at_once(
    court: Court, identity: Identity, tmp_path: Path
) -> None:
    boxes = [identity, *(court.identity(f"box-{n}", tmp_path / f"box-{n}") for n in range(20))]
    shares = []
    for each in boxes:
        held = x509.load_pem_x509_certificate(each.certificate.read_bytes())
        life = held.not_valid_after_utc - held.not_valid_before_utc
        shares.append((due_at(each) - held.not_valid_before_utc) / life)
    assert all(SHARE[0] <= share <= SHARE[1] for share in shares)
    assert max(shares) - min(shares) > 0.02 and life > timedelta(hours=1)


async def test_killed_at_every_step_a_box_still_has_a_certificate_that_works(
    identity: Identity, court: Court, door: Door, broker: Mosquitto, tmp_path: Path
) -> None:
    folders = [tmp_path / f"box-{number}" for number in range(CHANGES + 1)]
    for folder in folders:
        shutil.copytree(tmp_path / "identity", folder)
    known = replace(identity, old_keys=dict(identity.old_keys))

    def of_its_box(asked: x509.CertificateSigningRequest) -> Ed25519PrivateKey:
        waiting = [private_key(folder / NEXT_KEY) for folder in folders if (folder / NEXT_KEY).exists()]
        key = next(key for key in waiting if key.public_key() == asked.public_key())
        known.old_keys[thumbprint(key.public_key())] = key
        return key

    door.find_key = of_its_box
    async with fake_central(court, known, broker) as central:
        run = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.kit.renewing", *map(str, folders), stdout=asyncio.subprocess.PIPE
        )
        told, _ = await run.communicate()
        assert run.returncode == 0
        ends = [json.loads(line) for line in told.splitlines()]
        assert [end["killed"] for end in ends] == [-signal.SIGKILL] * CHANGES + [0]
        assert [end["after"] for end in ends] == [0] * len(folders)
        books = list(central.books.values())
    assert len(books) == len(folders)
    for folder in folders:
        kept = load(folder)
        certified = x509.load_pem_x509_certificate(kept.certificate.read_bytes())
        assert certified.public_key() == kept.key.public_key() and kept.kid != identity.kid
        (book,) = [book for book in books if any(line.body.get("key") == kept.kid for line in book)]
        types = [line.type for line in book]
        assert types.count("key_changed") == 1
        assert all(line.body["code"] == RENEWED for line in book[types.index("key_changed") + 1 :])


async def test_when_it_is_due_is_read_once_for_each_certificate(
    court: Court, identity: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    monkeypatch.setattr("gateway.renewal.due_at", lambda of: [read.append(serial(of)), due_at(of)][1])
    for _ in range(2):
        async with Journal(tmp_path / "journal.db", "locker-a", identity.kid, Clock()) as journal:
            due = await Renewal(identity, journal, _nobody, _at_once)._due()
        assert due == due_at(identity)
    assert len(read) == 1
    court.identity("locker-a", tmp_path / "identity", identity.broker)
    async with Journal(tmp_path / "journal.db", "locker-a", identity.kid, Clock()) as journal:
        assert await Renewal(identity, journal, _nobody, _at_once)._due() == due_at(identity) != due
    assert len(set(read)) == 2


async def _nobody(_: Identity) -> None:
    raise AssertionError("nothing is to be proven")


async def _at_once() -> None:
    return
