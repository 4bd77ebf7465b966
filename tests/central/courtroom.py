"""A courtroom as central sees it: a gateway with its configuration, and a case that is heard in it."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.fleet import documents
from central.fleet.tables import Gateway
from central.hearings import schedule
from central.hearings.projector import HearingProjector
from central.hearings.tables import Hearing
from central.ledger.projection import LineView
from central.people.roles import Actor
from central.wishes.projector import WishProjector
from devices.agenda import AGENDA, Agenda
from devices.hearings import COURTROOM
from devices.journal import ZERO, Stamp, read_line, write_line
from devices.messages import Fact, write_body
from tests.central.locker import Locker

ROOM = "courtroom-a"
SEATS = ("judge", "clerk", "plaintiff", "defendant")
ROLES = {"judge": "presiding_judge", "clerk": "clerk", "plaintiff": "plaintiff", "defendant": "defendant"}
_CONFIG = """\
gateway: {name}
devices:
  table-a: {{driver: microphones/ffmpeg_input, port: "alsa:hw:CARD=table", channels: 4, rate: 16000}}
  ears-a: {{driver: speech/vosk}}
stations:
  courtroom:
    room: {room}
    seats:
      judge: {{device: table-a, channel: 1}}
      clerk: {{device: table-a, channel: 2}}
      plaintiff: {{device: table-a, channel: 3}}
      defendant: {{device: table-a, channel: 4}}
"""
_LISTENS = "    recogniser: ears-a\n"


class Courtroom:
    """Rooms 第三法庭, which has no recogniser, and 第五法庭 and 第七法庭, which have, of the locker's court."""

    def __init__(self, locker: Locker) -> None:
        self.locker, self.store, self.blobs = locker, locker.store, locker.blobs
        self._seq = 0
        with self.store.write() as session:
            for name, room in ((ROOM, "第三法庭"), ("courtroom-b", "第五法庭"), ("courtroom-c", "第七法庭")):
                listens = "" if name == ROOM else _LISTENS
                sha256 = self.blobs.put((_CONFIG.format(name=name, room=room) + listens).encode())
                gateway = Gateway(name=name, permit_secret=b"s" * 32, enrolled_at=locker.now, presence="ready")
                gateway.configuration = sha256
                session.add(gateway)

    @property
    def opens_at(self) -> datetime:
        """Tomorrow, an hour later than now."""
        return self.locker.now + timedelta(days=1, hours=1)

    def told(self, gateway: str = ROOM, after: float = 0, hours: float = 2, **told: object) -> schedule.Plan:
        """A plan that opens so many hours after `opens_at`."""
        opens = self.opens_at + timedelta(hours=after)
        known: dict[str, object] = {"seats": ROLES, "presiding": self.actor("judge").id}
        return schedule.Plan(gateway, opens, opens + timedelta(hours=hours), **(known | told))  # type: ignore[arg-type]

    def plan(self, told: schedule.Plan | None = None, by: str = "clerk") -> Hearing:
        """Plan a hearing of the locker's case."""
        with self.store.write() as session:
            return schedule.plan(session, self.blobs, self.actor(by), 1, told or self.told(), self.locker.now)

    def agenda(self, gateway: str = ROOM) -> Agenda | None:
        """What the room has as its agenda."""
        with self.store.read() as session:
            box = session.scalars(select(Gateway).where(Gateway.name == gateway)).one()
            document = documents.current(session, box, AGENDA)
            return Agenda.model_validate_json(self.blobs.get(document.sha256)) if document else None

    def actor(self, login: str = "clerk") -> Actor:
        """One of the locker's people."""
        return self.locker.who(login)

    def find(self, session: Session, hearing: Hearing) -> Hearing:
        """It as it is now."""
        return session.get_one(Hearing, hearing.id)

    def tell(self, *facts: Fact, gateway: str = ROOM, device: str = COURTROOM, cause: str | None = None) -> None:
        """The courtroom's lines reach central."""
        projectors = WishProjector(), HearingProjector()
        for fact in facts:
            self._seq += 1
            stamp = Stamp(self.locker.now, "boot", self._seq)
            raw = write_line(self._seq, ZERO, stamp, device, (fact.type, write_body(fact)), cause)
            with self.store.write() as session:
                for projector in projectors:
                    if fact.type in projector.types:
                        projector.project(session, LineView(gateway, 77, read_line(raw), ZERO))
