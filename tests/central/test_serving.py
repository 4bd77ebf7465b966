"""A part of central that ends unexpectedly: never in silence, for gateways would send into the void."""

import socket
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.cli.plain import Fault
from central.cli.serving import own_broker, serve
from central.fleet import broker_conf
from central.fleet.broker_conf import BrokerPlace
from central.ledger.accept import Accepted, Ledger
from central.ledger.batch import Sender
from central.ledger.ingest import Ingest
from central.ledger.lease import Lease
from central.ledger.projection import LineView
from central.ledger.tables import LedgerLine
from central.store import Store
from tests.central.box import Box
from tests.central.conftest import COURT
from tests.central.test_app import installed
from tests.kit.mosquitto import free_port


def test_central_ends_and_says_which_part_did(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _, settings = installed(tmp_path)
    settings = settings.model_copy(update={"http": settings.http.model_copy(update={"port": 0})})

    def spoil(_: str) -> None:
        row = dict(jti="jti", gateway="locker-a", device="wall-a", type="open_cell", body="no JSON", actor="person:1")
        row |= dict(reason="test:1", state="sent", detail="", asked_line="1")
        row |= dict.fromkeys(("asked_at", "expires_at", "answer_by"), "2026-01-01 00:00:00.000000")
        marks = ", ".join("?" * len(row))
        with closing(sqlite3.connect(tmp_path / "central.db")) as db, db:
            db.execute(f"INSERT INTO wishes ({', '.join(row)}) VALUES ({marks})", list(row.values()))

    with pytest.raises(Fault, match="sweep ended unexpectedly"):
        serve(settings, with_broker=False, ready=spoil)
    assert any(record.exc_info for record in caplog.records if "sweep ended" in record.message)


def test_the_broker_listens_where_the_settings_say_now_whatever_was_written_before(tmp_path: Path) -> None:
    _, settings = installed(tmp_path)
    broker_conf.say_where(BrokerPlace(tmp_path / "broker", tmp_path / "moved" / "pki", 1))
    broker = settings.broker.model_copy(update={"host": "localhost", "port": free_port()})
    with own_broker(settings.model_copy(update={"broker": broker})):
        socket.create_connection((broker.host, broker.port)).close()


class Printer:
    """A projector that cannot write its receipt for the box named here, the first time."""

    types = frozenset({"door_changed"})

    def __init__(self, box: str, error: BaseException) -> None:
        self._box = box
        self._errors = [error]

    def project(self, session: Session, line: LineView) -> None:
        """Fail once."""
        if line.gateway == self._box and self._errors and line.seq == 3:
            raise self._errors[0]


@pytest.fixture
def boxes() -> list[Box]:
    boxes = [Box("locker-a"), Box("locker-b")]
    for box in boxes:
        box.doors(2)
    return boxes


def ingest_of(store: Store, boxes: list[Box], error: BaseException, acks: list[Accepted]) -> Ingest:
    def senders(_: Session, gateway: str) -> Sender | None:
        return next((box.sender for box in boxes if box.name == gateway), None)

    return Ingest(store, Ledger(COURT, [Printer("locker-a", error)]), senders, acks.append, Lease(store, "ingest", "x"))


def test_a_full_disk_delays_only_whom_it_concerns(store: Store, boxes: list[Box]) -> None:
    acks: list[Accepted] = []
    ingest = ingest_of(store, boxes, OSError(28, "No space left on device"), acks)
    for box in boxes:
        ingest.put(box.name, *box.batch())
    ingest.start()
    while ingest.waiting:
        threading.Event().wait(0.01)
    assert ingest.is_alive and ingest.counts.failed == 1
    ingest.stop()
    assert [ack.gateway for ack in acks] == ["locker-b"]
    with store.read() as session:
        assert session.scalar(select(func.count()).where(LedgerLine.gateway == "locker-a")) == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_nobody_expected_ends_the_ingest_and_it_is_no_secret(store: Store, boxes: list[Box]) -> None:
    ingest = ingest_of(store, boxes, SystemError("what nobody expected"), [])
    ingest.put(boxes[0].name, *boxes[0].batch())
    ingest.start()
    ingest._thread.join(30)
    assert not ingest.is_alive
