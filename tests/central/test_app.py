"""A court put together: enrolment over HTTP, a real broker between, facts in, acks out, health told."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from fastapi import FastAPI
from sqlalchemy import select

from central.app import create_app
from central.blobs import Blobs
from central.clock import utc_now
from central.fleet import broker_conf, service
from central.fleet.service import gateway_of
from central.ledger.tables import Book, LedgerLine
from central.settings import Broker, Settings, load, save
from central.store import Store
from devices.claims import AckClaims, IdentityClaims, StoredClaims
from devices.grants import keys_of, read, sign
from devices.topics import ROOT, GatewayTopics, host

from .box import Box
from .broker import ADDRESS, CourtBroker
from .conftest import COURT
from .keys import request_for
from .test_link import sealed


def installed(tmp_path: Path) -> tuple[CourtBroker, Settings]:
    """A home folder with keys, settings and a broker's configuration."""
    broker = CourtBroker(tmp_path)
    settings = Settings(court=COURT, home=tmp_path, broker=Broker(host=ADDRESS, port=broker.place.port))
    save(settings)
    assert load(tmp_path) == settings
    return broker, settings


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The application at work, and somebody who asks it."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://central") as client:
            yield app, client


async def test_a_box_joins_sends_its_facts_and_is_acked(tmp_path: Path) -> None:
    broker, settings = installed(tmp_path)
    box, topics = Box(), GatewayTopics(COURT, "locker-a")
    with broker.up():
        async with serving(settings) as (app, client):
            store: Store = app.state.store
            with store.write() as session:
                token = service.invite(session, box.name, broker.authority, utc_now(), actor="person:1")
            asked = {"token": token, "csr": request_for(box.key).decode(), "version": "1.0"}
            answer = (await client.post("/api/v1/enrol", json=asked)).json()
            root = x509.load_pem_x509_certificate(answer["ca"].encode())
            assert hashlib.sha256(root.public_bytes(Encoding.DER)).hexdigest()[:32] == token.rpartition(".")[2]
            assert (answer["gateway"], answer["court"], answer["broker"]["port"]) == (
                "locker-a",
                COURT,
                broker.place.port,
            )
            assert len(base64.b64decode(answer["permit_secret"])) == 32
            assert (await client.post("/api/v1/enrol", json=asked)).status_code == 403
            central = keys_of([load_pem_public_key(pem.encode()) for pem in answer["central_keys"]])

            async with broker.client(box.name, topics.ack) as mqtt:
                payload, seal = box.batch()
                await mqtt.client.publish(topics.journal, payload, qos=1, properties=sealed(seal))
                ack = await mqtt.until(lambda message: True)
                claims = AckClaims.of(read("ack", ack.payload.decode(), central, COURT, box.name))
                assert (claims.book, claims.seq, claims.head) == (box.book, 1, box.head)

            iat = int(utc_now().timestamp())
            identity = sign("gateway", IdentityClaims(iss=box.name, aud=COURT, iat=iat, exp=iat + 60).write(), box.key)
            data = Blobs(tmp_path / "blobs").put(b"a catalogue")
            door = {"Authorization": f"Bearer {identity}"}
            receipt = (await client.get(f"/api/v1/blobs/{data}/receipt", headers=door)).text
            assert StoredClaims.of(read("stored", receipt, central, COURT, box.name)).sha256 == data
            assert (await client.get(f"/api/v1/blobs/{data}/receipt")).status_code == 401

            health = (await client.get("/healthz")).json()
            assert (health["ok"], health["broker"], health["database"]) == (True, "connected", "ok")
            metrics = (await client.get("/metrics")).text
            assert 'courtside_ingest_batches_total{result="stored"} 1.0' in metrics
    with Store(settings.database_url).read() as session:
        stored = session.scalars(select(LedgerLine.raw).join(Book).where(Book.gateway == box.name))
        assert list(stored) == box.raws
    assert "user locker-a" in (tmp_path / "broker" / broker_conf.ACL).read_text()


@pytest.mark.parametrize("by", ["the desk", "another box"])
async def test_a_suspended_box_hears_as_soon_as_its_name_is_in_use_again(tmp_path: Path, by: str) -> None:
    broker, settings = installed(tmp_path)
    box, topics = Box(), GatewayTopics(COURT, "locker-a")
    central = keys_of([broker.authority.signing_key.public_key()])
    broker_conf.write_acl(tmp_path / "broker", COURT, [box.name])
    with broker.up():
        async with serving(settings) as (app, _):
            store: Store = app.state.store
            with store.write() as session:
                token = service.invite(session, box.name, broker.authority, utc_now(), actor="person:1")
                asked = request_for(box.key).decode()
                service.enrol(session, token, asked, "1", broker.authority, utc_now())

            async def heard(state: str, payload: bytes = b"", seal: str = "") -> None:
                """Whoever connects now, and perhaps sends a batch, is told so."""

                def says(message: aiomqtt.Message) -> bool:
                    ack = AckClaims.of(read("ack", bytes(message.payload).decode(), central, COURT, box.name))
                    return (ack.state, ack.book, ack.seq) == (state, box.book, 1)

                async with broker.client(box.name, topics.ack) as mqtt:
                    if payload:
                        await mqtt.client.publish(topics.journal, payload, qos=1, properties=sealed(seal))
                    await mqtt.until(says)

            async with broker.client(box.name, host(COURT)) as mqtt:
                await mqtt.until(lambda message: json.loads(bytes(message.payload))["online"])
            await heard("ok", *box.batch())
            with store.write() as session:
                service.set_state(session, gateway_of(session, box.name), "suspended", utc_now())
            await heard("suspended")
            with store.write() as session:
                if by == "the desk":
                    service.set_state(session, gateway_of(session, box.name), "active", utc_now())
                else:
                    token = service.invite(session, box.name, broker.authority, utc_now(), actor="p:1", replaces=True)
                    other = request_for(Ed25519PrivateKey.generate()).decode()
                    service.enrol(session, token, other, "1", broker.authority, utc_now())
            await heard("ok")


async def test_without_a_broker_central_serves_and_says_so(tmp_path: Path) -> None:
    _, settings = installed(tmp_path)
    async with serving(settings) as (_, client):
        answer = await client.get("/healthz")
        assert (answer.status_code, answer.json()["broker"]) == (200, "lost")


async def test_what_travels_over_the_broker_is_described_by_central_and_every_name_in_it_leads_somewhere(
    tmp_path: Path,
) -> None:
    app = create_app(installed(tmp_path)[1])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://central") as stranger:
        topics = (await stranger.get("/asyncapi.json")).json()
        messages = (await stranger.get("/courtside.schema.json")).json()
    app.state.store.close()
    assert (
        topics["asyncapi"] == "3.0.0" and topics["channels"]["wish"]["address"] == f"{ROOT}/{{court}}/{{gateway}}/wish"
    )
    for operation in topics["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in topics["channels"]
    assert {"line", "wish.open_cell", "fact.door_changed"} <= messages["$defs"].keys()
