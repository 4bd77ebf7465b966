"""A box of the court that was taken over: what it publishes under its own name harms neither neighbours nor pages."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import aiomqtt
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.app import create_app
from central.blobs import MAX_TOLD
from central.clock import utc_now
from central.fleet import catalogue, service
from central.fleet.presence import Presence
from central.fleet.tables import Device, Gateway
from central.ledger.accept import Ledger
from central.store import Store
from devices.claims import IdentityClaims
from devices.grants import keys_of, read, sign
from devices.journal import BadLine, read_time
from devices.topics import GatewayTopics, host
from tests.central.box import Box
from tests.central.desk import Desk, desk
from tests.central.keys import request_for
from tests.central.locker import BOX, COURT, START, WALL, Locker
from tests.central.test_app import installed, serving
from tests.central.test_link import sealed

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


async def test_a_box_that_says_without_end_is_heard_to_a_bound(
    store: Store, presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound, most in {"_MOST_WAITING": 40, "_MOST_DEVICES": 5, "_MOST_PROPERTIES": 3, "_LONGEST": 9}.items():
        monkeypatch.setattr(f"central.fleet.presence.{bound}", most)
    presence.homie("locker-a", "wall-0/long", b"x" * 10)
    for topic in ("$x", "$stats/y", "a" * 300, "wall-a", "wall-a/" + "b" * 300, "wall-a/b/c"):
        presence.homie("locker-a", topic, b"x")
    assert presence.take()[1]["locker-a"] == {}
    for number in range(100):
        presence.homie("locker-a", f"wall-{number % 10}/cell-{number // 10}", b"open")
        presence.counts("locker-a", f"bus-{number}", b'{"noise": 1}')
    assert len(presence.take()[1]["locker-a"]) == 40
    for number in range(100):
        presence.homie("locker-a", f"wall-{number % 8}/cell-{number // 8}", b"open")
    presence.homie("locker-b", "wall-b/cell-1", b"open")
    presence.write(*presence.take())
    with store.read() as session:
        devices = session.scalars(select(Device)).all()
    assert sorted(len(device.states) for device in devices) == [1, 3, 3, 3, 3, 3]


def test_a_time_that_no_zone_has_is_none(at: Desk) -> None:
    for wrong in ("9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z"):
        with pytest.raises(BadLine, match="zone"):
            read_time(wrong)
    assert read_time("1970-01-01T00:00:00Z").year == 1970


@pytest.mark.parametrize("wrong", [{"book": "\ud800"}, {"head": "\ud800"}, {"first": 1 << 80, "seq": 1 << 80}])
def test_a_seal_of_what_cannot_be_kept_is_refused_and_the_court_goes_on(store: Store, wrong: dict[str, Any]) -> None:
    box, ledger = Box(), Ledger(COURT)
    payload, seal = box.batch()
    for by, result in ((box.seal(1, box.raws, **wrong), "refused"), (seal, "stored")):
        with store.write() as session:
            assert ledger.accept(session, box.sender, payload, by).result == result


async def test_whatever_a_box_says_over_the_broker_the_court_goes_on(tmp_path: Path) -> None:
    broker, settings = installed(tmp_path)
    box, topics = Box(), GatewayTopics(COURT, "locker-a")
    live = ("journal", "gateway/health", "gateway/log", "courtroom/levels", "courtroom/captions", "scanning/progress",
            "wall-a/counts", "x", "x/" + "y" * 900)  # fmt: skip
    said = [f"{topics.base}/live/{below}" for below in live]
    said += [
        f"{topics.homie}/{below}" for below in ("$state", "$description", "$x", "wall-a", "wall-a/cell-1", "a/b/c")
    ]
    payload, seal = box.batch()
    seals = ["", "no.seal", "." * 60_000, box.seal(1, box.raws, book="\ud800"), box.seal(1, box.raws, head="[" * 9000)]
    central = keys_of([broker.authority.signing_key.public_key()])

    def committed(message: aiomqtt.Message) -> bool:
        if str(message.topic) != topics.ack:
            return False
        return bool(read("ack", bytes(message.payload).decode(), central, COURT, box.name)["seq"] == 1)

    with broker.up():
        async with serving(settings) as (app, client):
            with app.state.store.write() as session:
                token = service.invite(session, box.name, broker.authority, utc_now(), actor="person:1")
                service.enrol(session, token, request_for(box.key).decode(), "1", broker.authority, utc_now())
            async with broker.client(box.name, topics.ack, host(COURT)) as mqtt:
                await mqtt.until(lambda message: b"true" in bytes(message.payload))
                for topic in said:
                    for spoken in (*PAYLOADS, b'{"at": NaN}', b"\n" * 100_000, b"{" * 400_000):
                        await mqtt.client.publish(topic, spoken, qos=1)
                for wrong in seals:
                    await mqtt.client.publish(topics.journal, payload, qos=1, properties=sealed(wrong))
                await mqtt.client.publish(topics.journal, payload, qos=1, properties=sealed(seal))
                await mqtt.until(committed)
            health = (await client.get("/healthz")).json()
            assert (health["ok"], health["broker"], app.state.ailing()) == (True, "connected", [])


async def test_bytes_that_are_not_those_promised_are_a_fault_of_the_box(tmp_path: Path) -> None:
    broker, settings = installed(tmp_path)
    box, app = Box(), create_app(settings)
    with app.state.store.write() as session:
        token = service.invite(session, box.name, broker.authority, utc_now(), actor="person:1")
        service.enrol(session, token, request_for(box.key).decode(), "1", broker.authority, utc_now())
    iat = int(utc_now().timestamp())
    identity = sign("gateway", IdentityClaims(iss=box.name, aud=COURT, iat=iat, exp=iat + 60).write(), box.key)
    named = {"sha256": "a" * 64, "filename": "x", "filetype": "y"}
    head = {
        "authorization": f"Bearer {identity}",
        "tus-resumable": "1.0.0",
        "upload-length": "0",
        "upload-metadata": ",".join(f"{name} {b64encode(value.encode()).decode()}" for name, value in named.items()),
    }
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://court.example") as client:
        answer = await client.post("/api/v1/uploads/", headers=head)
    app.state.store.close()
    assert (answer.status_code, answer.json()["error"]["code"]) == (460, "http_460")


def told(
    at: Desk, catalogue: bytes, configuration: bytes = b"devices: {wall-a: {driver: x, port: aaaaaaaaaaaaaa!}}"
) -> None:
    """A box of the court says that of itself, and has a device."""
    with at.locker.store.write() as session:
        box = service.find(session, BOX)
        assert box is not None
        box.catalogue, box.configuration = map(at.locker.blobs.put, (catalogue, configuration))
        if not box.devices:
            session.add(Device(gateway_id=box.id, name=WALL, product="x"))


def drivers(**settings: Any) -> bytes:
    return json.dumps({"drivers": {"x": {"about": "", "settings": settings}}}).encode()


SENSELESS = (
    b"[]",
    DEEP,
    b"\xff",
    b'{"drivers": 5}',
    b'{"drivers": {"x": 5}}',
    b'{"drivers": {"x": {"about": "", "settings": 5}}}',
    b'{"file": {"a": 1}, "drivers": {"x": {"about": "", "settings": {}, "obeys": 5}}}',
    drivers(type="nix"),
    drivers(properties=5),
    drivers(required=5, properties={"port": {"enum": 5}}),
    drivers(properties={"port": {"pattern": "("}}),
    drivers(**{"$ref": "#"}),
    drivers(**{"$ref": "#/nowhere"}),
    drivers(**{"$ref": "file:///etc/passwd"}),
    drivers(properties={"port": {"pattern": "(a+)+$"}}),
    drivers(patternProperties={"(a+)+$": {}}, additionalProperties=False),
    b" " * (MAX_TOLD + 1),
)


@pytest.mark.parametrize("senseless", SENSELESS, ids=range(len(SENSELESS)))
def test_what_a_box_says_it_can_be_told_takes_no_page_from_anybody(at: Desk, senseless: bytes) -> None:
    told(at, senseless)
    at.sign_in("it")
    for page in (f"/config/{BOX}", f"/fleet/{BOX}/{WALL}", "/send/notice", "/send/label"):
        at.open(page)
    at.open(f"/config/{BOX}")
    at.send(f"/config/{BOX}/check", text=f"devices: {{wall-a: {{driver: x, port: {'a' * 40}!, {'a' * 40}b: 1}}}}")


def test_a_box_sends_central_nowhere(at: Desk) -> None:
    asked = list[str]()

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        told(at, drivers(**{"$ref": f"http://127.0.0.1:{server.server_port}/inside"}))
        at.sign_in("it")
        at.open(f"/config/{BOX}")
        at.send(f"/config/{BOX}/check", text="devices: {wall-a: {driver: x}}")
        server.shutdown()
        thread.join()
    assert asked == [] and "leads nowhere" in at.shown


@pytest.mark.parametrize(
    "unreadable", [b"a: 2026-13-45", b"a: " + b"9" * 5000, b"a: 0x_", b"a: !!timestamp x", b"[" * 9999]
)
def test_a_configuration_that_cannot_be_read_takes_no_page_from_anybody(at: Desk, unreadable: bytes) -> None:
    told(at, b"{}", unreadable)
    for login, pages in {"it": ("/fleet", f"/config/{BOX}"), "clerk": ("/scan", "/hearings", "/hearings/new")}.items():
        at.sign_in(login)
        for page in pages:
            at.open(page)


def test_a_catalogue_is_judged_as_the_gateway_itself_judges(at: Desk) -> None:
    schema = {"type": "object", "properties": {"port": {"type": "string", "pattern": "^/dev/[a-z]+$"}}}
    assert [error.validator for error in catalogue.errors(schema, {"port": "COM3"})] == ["pattern"]
    assert catalogue.errors(schema, {"port": "/dev/tty"}) == []
