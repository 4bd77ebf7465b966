"""Gateway and central over a real Mosquitto: what is acknowledged, what is sent again, who is heard."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices.claims import DesiredClaims
from devices.locks import DoorChanged, door_properties
from devices.topics import GatewayTopics
from gateway.clock import Clock
from gateway.home_assistant import payload
from gateway.identity import Identity
from gateway.journal import Journal
from gateway.uplink import Uplink
from tests.kit.court import Court, FakeCentral, fake_central
from tests.kit.mosquitto import Mosquitto

DEVICES = {"wall-a": door_properties(range(1, 5))}


class Box:
    """One gateway without devices: journal, uplink, and what it was asked."""

    def __init__(self, identity: Identity, journal: Journal) -> None:
        self.journal = journal
        self.wishes: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self.desired: asyncio.Queue[DesiredClaims] = asyncio.Queue()
        self.uplink = Uplink(identity, journal, DEVICES, self._wish, self.desired.put)

    async def _wish(self, token: str, retained: bool) -> None:
        await self.wishes.put((token, retained))

    async def doors(self, count: int) -> None:
        """So many facts."""
        facts = (DoorChanged(cell=1 + i % 4, door="open" if i % 8 < 4 else "shut") for i in range(count))
        await asyncio.gather(*(self.journal.append("wall-a", fact) for fact in facts))


@asynccontextmanager
async def running(identity: Identity, path: Path, clock: Clock | None = None) -> AsyncIterator[Box]:
    """The box, connected as long as the block lasts."""
    async with Journal(path, identity.gateway, identity.kid, clock or Clock(), identity.old_keys) as journal:
        box = Box(identity, journal)
        task = asyncio.create_task(box.uplink.run())
        try:
            yield box
        finally:
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    return Court(tmp_path_factory.mktemp("court"))


@pytest.fixture
def broker(court: Court, tmp_path: Path) -> AsyncIterator[Mosquitto]:
    mosquitto = court.broker(tmp_path / "broker")
    mosquitto.start()
    yield mosquitto
    mosquitto.kill()


@pytest.fixture
def identity(court: Court, broker: Mosquitto, tmp_path: Path) -> Identity:
    return court.identity("locker-a", tmp_path / "identity", (broker.host, broker.port))


@pytest.fixture
async def central(court: Court, identity: Identity, broker: Mosquitto) -> AsyncIterator[FakeCentral]:
    async with fake_central(court, identity, broker) as it:
        yield it


async def test_every_line_reaches_central_once_and_in_order(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    async with running(identity, tmp_path / "journal.db") as box:
        await box.doors(1200)
        await central.until(lambda c: len(c.lines) >= 1201)
        assert [line.seq for line in central.lines] == list(range(1, 1202))
        assert central.lines[0].type == "book_opened"
        await central.until(lambda _: box.uplink.outbox.unacknowledged == 0)


async def test_a_broker_that_lost_everything_loses_nothing_of_ours(
    identity: Identity, broker: Mosquitto, court: Court, tmp_path: Path
) -> None:
    async with running(identity, tmp_path / "journal.db") as box:
        async with fake_central(court, identity, broker) as central:
            await box.doors(10)
            await central.until(lambda c: len(c.lines) == 11)
            before = central.books
        broker.kill(wipe=True)
        await box.doors(10)
        broker.start()
        async with fake_central(court, identity, broker) as central:
            central.books = before
            await central.until(lambda c: len(c.lines) == 21)
            await central.until(lambda c: ("homie/5/locker-a/$state", b"ready") in c.seen)


async def test_an_ack_below_what_was_sent_brings_the_lines_again(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    async with running(identity, tmp_path / "journal.db") as box:
        await box.doors(700)
        await central.until(lambda c: len(c.lines) == 701)
        book = box.journal.book
        del central.books[book][100:]
        await central.ack(book)
        await central.until(lambda c: len(c.lines) == 701)


async def test_a_gateway_with_an_old_disk_opens_another_book_and_tells_anew_what_central_lacks(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    async with running(identity, path) as box:
        await box.doors(5)
        await central.until(lambda _: box.uplink.outbox.unacknowledged == 0)
    image = path.read_bytes()
    async with running(identity, path) as box:
        await box.doors(5)
        await central.until(lambda _: box.uplink.outbox.unacknowledged == 0)
        first = box.journal.book
        head = central.books[first][-1].hash
    path.write_bytes(image)
    async with Journal(path, identity.gateway, identity.kid, Clock()) as journal:
        await journal.append("wall-a", DoorChanged(cell=4, door="open"), cause="a-wish-of-then")
    async with running(identity, path) as box:
        await central.until(lambda c: len(c.books) == 2 and box.uplink.outbox.unacknowledged == 0)
        opened, again = central.books[box.journal.book]
    assert opened.body["why"] == "restored_disk"
    assert opened.body["follows"] == head
    assert (again.type, again.cause, again.body["cell"]) == ("door_changed", "a-wish-of-then", 4)
    assert [(book, len(hash_)) for book, _, hash_ in again.body["again"]["as"]] == [(first, 64)]
    assert len(central.books[first]) == 11


async def test_a_gateway_told_fork_opens_another_book(identity: Identity, central: FakeCentral, tmp_path: Path) -> None:
    async with running(identity, tmp_path / "journal.db") as box:
        await box.doors(3)
        await central.until(lambda _: box.uplink.outbox.unacknowledged == 0)
        first = box.journal.book
        await central.ack(first, state="fork")
        await central.until(lambda c: len(c.books) == 2 and box.uplink.outbox.unacknowledged == 0)
        assert [line.type for line in central.books[box.journal.book]] == ["book_opened"]
        assert central.books[box.journal.book][0].body["why"] == "fork"


async def test_nothing_is_sent_while_central_says_it_is_offline(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    await central.say_online(False)
    async with running(identity, tmp_path / "journal.db") as box:
        await box.doors(3)
        await central.until(lambda c: ("homie/5/locker-a/$state", b"ready") in c.seen)
        await asyncio.wait_for(until_state(box, "central_offline"), 30)
        assert central.lines == []
        await central.say_online(True)
        await central.until(lambda c: len(c.lines) == 4)
        assert box.uplink.state == "online"


async def test_a_suspended_gateway_stops_until_it_is_acknowledged_again(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    async with running(identity, tmp_path / "journal.db") as box:
        await central.until(lambda _: box.uplink.outbox.unacknowledged == 0)
        await central.ack(box.journal.book, state="suspended")
        await asyncio.wait_for(until_state(box, "suspended"), 30)
        await box.doors(3)
        assert len(central.lines) == 1
        await central.ack(box.journal.book)
        await central.until(lambda c: len(c.lines) == 4)


async def test_two_boxes_with_one_identity_stop_and_say_so(
    identity: Identity, broker: Mosquitto, tmp_path: Path
) -> None:
    async with running(identity, tmp_path / "one.db") as one, running(identity, tmp_path / "two.db") as two:
        contested = [asyncio.create_task(until_state(box, "contested")) for box in (one, two)]
        done, _ = await asyncio.wait(contested, timeout=120, return_when=asyncio.FIRST_COMPLETED)
        assert done
        for task in contested:
            task.cancel()
        stopped = one if one.uplink.state == "contested" else two
        await stopped.journal.append("wall-a", DoorChanged(cell=1, door="open"))
        text = (stopped.journal.path).with_name(stopped.journal.path.name + "-wal").read_bytes()
        assert b"identity_contested" in text


async def until_state(box: Box, state: str) -> None:
    """Until the screen would show it."""
    while box.uplink.state != state:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_a_wish_is_handed_on_with_the_news_whether_it_was_retained(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    await central.publish(central.topics.wish, "old", retain=True)
    async with running(identity, tmp_path / "journal.db") as box:
        assert await asyncio.wait_for(box.wishes.get(), 30) == ("old", True)
        await central.publish(central.topics.wish, "new")
        assert await asyncio.wait_for(box.wishes.get(), 30) == ("new", False)


async def test_a_wish_sent_while_the_gateway_was_away_waits_in_the_session(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    async with running(identity, tmp_path / "journal.db"):
        await central.until(lambda c: ("homie/5/locker-a/$state", b"ready") in c.seen)
    await central.publish(central.topics.wish, "meanwhile")
    async with running(identity, tmp_path / "journal.db") as box:
        assert await asyncio.wait_for(box.wishes.get(), 30) == ("meanwhile", False)


async def test_an_older_list_of_documents_is_refused(identity: Identity, central: FakeCentral, tmp_path: Path) -> None:
    async with running(identity, tmp_path / "journal.db") as box:
        await central.desire(config=3)
        assert (await asyncio.wait_for(box.desired.get(), 30)).documents["config"].version == 3
    async with running(identity, tmp_path / "journal.db") as box:
        assert (await asyncio.wait_for(box.desired.get(), 30)).documents["config"].version == 3
        await central.desire(config=2)
        await central.desire(config=4)
        assert (await asyncio.wait_for(box.desired.get(), 30)).documents["config"].version == 4


async def test_tokens_of_a_stranger_are_not_believed(
    identity: Identity, central: FakeCentral, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(identity, tmp_path / "journal.db") as box:
        await central.until(lambda _: box.uplink.outbox.unacknowledged == 0)
        central.court.key, ours = Ed25519PrivateKey.generate(), central.court.key
        await central.ack(box.journal.book, state="fork")
        await central.desire(config=9)
        central.court.key = ours
        await central.desire(config=1)
        assert (await asyncio.wait_for(box.desired.get(), 30)).documents["config"].version == 1
        assert len(box.journal.segments) == 1


async def test_an_ack_gives_a_box_without_clock_chip_the_right_time(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    clock = Clock(wall=lambda: 86400.0)
    async with running(identity, tmp_path / "journal.db", clock) as box:
        assert not clock.trusted
        await central.until(lambda _: box.uplink.outbox.unacknowledged == 0)
        assert clock.trusted
        assert clock.now().year >= 2026


async def test_new_lines_are_seen_at_once_while_a_backlog_waits(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    central.deaf = True
    async with running(identity, tmp_path / "journal.db") as box:
        await central.until(lambda c: ("homie/5/locker-a/$state", b"ready") in c.seen)
        await box.doors(1500)
        await central.until(lambda c: len([1 for topic, _ in c.seen if topic == c.topics.journal]) == 2)
        await box.journal.append("wall-a", DoorChanged(cell=2, door="open"), cause="alarm-now")
        await central.until(lambda c: any(b"alarm-now" in payload for topic, payload in c.seen if "live/j" in topic))
        assert not any(b"alarm-now" in payload for topic, payload in central.seen if topic == central.topics.journal)


async def test_homie_shows_values_as_they_are_journalled_and_how_the_gateway_left(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    async with running(identity, tmp_path / "journal.db") as box:
        await central.until(lambda c: ("homie/5/locker-a/$state", b"ready") in c.seen)
        await box.journal.append("wall-a", DoorChanged(cell=3, door="open"))
        await central.until(lambda c: ("homie/5/locker-a/wall-a/cell-3", b"open") in c.seen)
    await central.until(lambda c: ("homie/5/locker-a/$state", b"disconnected") in c.seen)


async def test_home_assistant_finds_what_is_to_be_found_and_loses_it_when_that_is_over(
    identity: Identity, central: FakeCentral, tmp_path: Path
) -> None:
    topics = GatewayTopics(identity.court, identity.gateway)
    await central.client.subscribe("homeassistant/#", 1)
    async with running(identity, tmp_path / "journal.db") as box:
        box.uplink.discovery = lambda: payload(topics, DEVICES, "0.1.0")
        box.uplink.described()
        await central.until(lambda c: any(topic == topics.discovery for topic, _ in c.seen))
        told = json.loads(dict(central.seen)[topics.discovery])
        assert told["components"]["wall-a-cell-1"]["state_topic"] == "homie/5/locker-a/wall-a/cell-1"
        assert told["components"]["wall-a-presence"]["options"] == ["back", "gone"]
        assert told["availability"][0]["topic"] == "homie/5/locker-a/$state"
        assert {each["platform"] for each in told["components"].values()} == {"sensor"}
    async with running(identity, tmp_path / "journal.db"):
        await central.until(lambda c: (topics.discovery, b"") in c.seen)


async def test_a_box_enrolled_anew_tells_in_another_book_what_central_has_not(
    identity: Identity, court: Court, broker: Mosquitto, tmp_path: Path
) -> None:
    async with fake_central(court, identity, broker) as central, running(identity, tmp_path / "journal.db") as box:
        await central.until(lambda _: box.uplink.outbox.unacknowledged == 0 and box.journal.head.n == 1)
    async with Journal(tmp_path / "journal.db", "locker-a", identity.kid, Clock()) as journal:
        await journal.append("wall-a", DoorChanged(cell=2, door="open"))
    anew = court.identity("locker-a", tmp_path / "identity", identity.broker)
    async with fake_central(court, anew, broker) as central, running(anew, tmp_path / "journal.db"):
        await central.until(lambda c: len(c.lines) == 2)
        opened, told = central.lines
        assert (opened.type, opened.body["key"]) == ("book_opened", anew.kid)
        assert (told.type, told.body["cell"]) == ("door_changed", 2) and "again" in told.body
