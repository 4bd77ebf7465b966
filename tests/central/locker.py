"""A small court with one locker: its people, a case, a cabinet, and a box that writes a real, sealed journal."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import open_alarms
from central.blobs import Blobs
from central.cases import service as cases
from central.cases.tables import Volume
from central.custody.projector import CustodyProjector, CustodyWatcher
from central.custody.receipts import Receipts
from central.custody.standing import custody_of
from central.custody.sweep import sweep
from central.custody.tables import Cabinet, Cell, Custody, Move
from central.fleet.tables import Gateway
from central.ledger.accept import Ledger
from central.ledger.batch import Sender
from central.ledger.own import Pen, take_pen
from central.people.roles import Actor
from central.people.service import SYSTEM, add_person
from central.people.tables import Person
from central.store import Store
from central.wishes.projector import WishProjector
from central.wishes.tables import WishRow
from devices.box import GATEWAY, BookOpened, PermitUsed, WishTaken
from devices.claims import SealClaims
from devices.grants import keys_of, sign, thumbprint
from devices.journal import ZERO, Stamp, join, line_hash, write_line
from devices.locks import DoorChanged
from devices.messages import Fact, write_body

COURT = "huishan"
BOX = "locker-a"
WALL = "wall-a"
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SECRET = b"s" * 32


class Locker:
    """Drives one locker's story: time stands still until `later`."""

    def __init__(self, store: Store, key: Ed25519PrivateKey, blobs: Path) -> None:
        self.store = store
        self.now = START
        self.box_now: datetime | None = None
        """What the box's lines say, while it differs."""
        self.pen = Pen(COURT, key, lambda: self.now)
        take_pen(store, self.pen)
        self.blobs = Blobs(blobs)
        receipts = Receipts(self.blobs, "惠山区人民法院", ZoneInfo("Asia/Shanghai"))
        self.ledger = Ledger(
            COURT,
            [WishProjector(), CustodyProjector(receipts, lambda: self.now)],
            [CustodyWatcher()],
            lambda: self.now,
        )
        self._key = Ed25519PrivateKey.generate()
        self._book, self._seq, self._head = uuid4().hex, 0, ZERO
        self._unsent: list[bytes] = []
        kid = thumbprint(self._key.public_key())
        self._write(GATEWAY, BookOpened(gateway=BOX, book=self._book, key=kid), None)
        with store.write() as session:
            self._found(session)

    def _found(self, session: Session) -> None:
        people = {"clerk": "王书记", "judge": "李法官", "archivist": "赵档案", "it": "孙工"}
        for role, name in people.items():
            add_person(session, SYSTEM, role, name, [role], "", self.now)
        add_person(session, SYSTEM, "clerk2", "钱书记", ["clerk"], "", self.now)
        session.add(Gateway(name=BOX, permit_secret=SECRET, enrolled_at=self.now, presence="ready"))
        cabinet = Cabinet(name="A", place="一楼", gateway=BOX, reader="reader-a", printer="slip-a")
        sizes = {1: "S", 2: "M", 3: "M", 4: "L"}
        cabinet.cells = [
            Cell(number=n, size=size, gateway=BOX, device=WALL, device_cell=n, door="shut") for n, size in sizes.items()
        ]
        session.add(cabinet)
        clerk = session.scalars(select(Person).where(Person.login == "clerk")).one().actor
        parties = [("原告", "周某"), ("被告", "吴某")]
        case = cases.register_case(session, clerk, "(2026)苏0206民初123号", "民间借贷纠纷", parties, self.now)
        for number, size in enumerate("SMML", 1):
            cases.register_volume(session, clerk, case, self.now, size=size, barcode=f"HS-000{number}")
        cases.register_volume(session, clerk, case, self.now, size="S", secret=True, barcode="HS-SECRET")

    def who(self, login: str) -> Actor:
        """A person by login."""
        with self.store.read() as session:
            return session.scalars(select(Person).where(Person.login == login)).one().actor

    def custody(self, barcode: str = "HS-0001") -> Custody:
        """Where a volume is."""
        with self.store.read() as session:
            return custody_of(session, session.scalars(select(Volume).where(Volume.barcode == barcode)).one())

    def move(self, number: int) -> Move:
        """A move as it is now."""
        with self.store.read() as session:
            return session.get_one(Move, number)

    def cell(self, number: int) -> Cell:
        """A cell as it is now."""
        with self.store.read() as session:
            return session.scalars(select(Cell).where(Cell.number == number)).one()

    def wish(self, jti: str | None) -> WishRow:
        """A wish as it is now."""
        with self.store.read() as session:
            return session.get_one(WishRow, jti)

    def alarms(self) -> dict[str, str]:
        """Kind -> subject of what is open."""
        with self.store.read() as session:
            return {alarm.kind: alarm.subject for alarm in open_alarms(session)}

    def later(self, **delta: float) -> None:
        """Time passes; central sweeps."""
        self.now += timedelta(**delta)
        with self.store.write() as session:
            sweep(session, self.now)

    def tell(self, fact: Fact, cause: str | None = None, device: str = WALL) -> None:
        """A line is written and sent at once."""
        self.note(fact, cause, device)
        self.send()

    def note(self, fact: Fact, cause: str | None = None, device: str = WALL) -> None:
        """A line is written, and waits in the box."""
        self._write(device, fact, cause)

    def announce(self) -> None:
        """What waits in the box is told ahead of its batch, as while a backlog drains."""
        with self.store.write() as session:
            for raw in self._unsent:
                self.ledger.notice(session, BOX, raw)

    def send(self) -> None:
        """What waits in the box reaches central."""
        kid = thumbprint(self._key.public_key())
        first = self._seq - len(self._unsent) + 1
        claims = SealClaims(iss=BOX, aud=COURT, book=self._book, first=first, seq=self._seq, head=self._head)
        seal = sign("seal", claims.write(), self._key, kid)
        with self.store.write() as session:
            sender = Sender(BOX, keys_of([self._key.public_key()]))
            accepted = self.ledger.accept(session, sender, join(self._unsent), seal)
        assert accepted.result == "stored", accepted
        self._unsent = []
        assert not {"poison", "chain_broken", "bad_seal"} & set(self.alarms()), self.parked()

    def parked(self) -> list[str]:
        """Why lines could not be projected."""
        from central.ledger.tables import Parked

        with self.store.read() as session:
            return [row.why for row in session.scalars(select(Parked))]

    def opens(self, cell: int, cause: str | None, *, later: bool = False) -> None:
        """The door springs open."""
        (self.note if later else self.tell)(DoorChanged(cell=cell, door="open"), cause)

    def shuts(self, cell: int, cause: str | None = None, *, later: bool = False) -> None:
        """The door is pushed shut."""
        (self.note if later else self.tell)(DoorChanged(cell=cell, door="shut"), cause)

    def cycle(self, move: Move) -> None:
        """The locker does as it was asked: taken, opened, shut."""
        wish = self.wish(move.wish)
        cell = wish.body["cell"]
        self.tell(WishTaken(wish=wish.type, cell=cell), wish.jti)
        self.opens(cell, wish.jti)
        self.shuts(cell, wish.jti)

    def uses_permit(self, jti: str, cell: int, *, later: bool = False) -> None:
        """A permit opens its cell and the door is shut again."""
        (self.note if later else self.tell)(PermitUsed(cell=cell), jti)
        self.opens(cell, jti, later=later)
        self.shuts(cell, jti, later=later)

    def _write(self, device: str, fact: Fact, cause: str | None) -> None:
        self._seq += 1
        stamp = Stamp(at=self.box_now or self.now, boot="boot-1", mono_ms=self._seq)
        raw = write_line(self._seq, self._head, stamp, device, (fact.type, write_body(fact)), cause)
        self._head = line_hash(raw)
        self._unsent.append(raw)
