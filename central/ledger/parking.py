"""Projection, and what becomes of lines that cannot be projected (ledger rule 6).

A batch is projected inside a savepoint. If that fails, it is undone and done again line by line; a line that
fails alone is parked, and later lines of its subject park behind it, so that nobody sees a door shut before it
opened. The rest of the court goes on.
"""

from collections.abc import Iterable, Sequence, Set
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import DataError, IntegrityError, InvalidRequestError
from sqlalchemy.orm import Session

from central.alarms import AlarmKind, clear_alarm, raise_alarm
from central.clock import Clock
from central.ledger.projection import BatchProjector, LineView, Projector, Sieve, stored_view
from central.ledger.tables import LedgerLine, Parked
from central.store import columns_of, tell
from central.web.refused import Refused
from devices.journal import Line
from devices.messages import Fact

UNPROJECTABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    DataError,
    IntegrityError,
    InvalidRequestError,
    LookupError,
    Refused,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a projector raises when it and a line do not get on. A database that fails is none of these: then nothing
is committed, and the gateway sends the batch again."""

L = TypeVar("L", Line, LineView)

_WAITS = ""
_PARKED_SUBJECTS = select(columns_of(Parked).subject).distinct()


class Projection:
    """Shows lines to projectors and parks what they cannot take in."""

    def __init__(self, projectors: Sequence[Projector], clock: Clock) -> None:
        self._projectors = tuple(projectors)
        self._sieves = tuple(projector if isinstance(projector, Sieve) else None for projector in projectors)
        self._clock = clock

    def wanted(self, session: Session, gateway: str, lines: Sequence[Line]) -> set[int]:
        """Numbers of the lines to be shown to `take`: each concerns a projector, or nobody knows its type."""
        types = {line.type for line in lines}
        unknown = types - Fact.registry.keys()
        wanted = {line.seq for line in lines if line.type in unknown} if unknown else set()
        for projector, sieve in zip(self._projectors, self._sieves, strict=True):
            if told := _of(projector, lines, types):
                wanted.update(line.seq for line in (sieve.concerns(session, gateway, told) if sieve else told))
        return wanted

    def take(self, session: Session, todo: Sequence[LineView]) -> None:
        """Project the wanted lines of one batch, parking those that cannot be."""
        if not todo:
            return
        parked = set(session.scalars(_PARKED_SUBJECTS))
        types = {line.type for line in todo}
        if not parked and types <= Fact.registry.keys() and self._all(session, todo, types):
            return
        for line in todo:
            why = self._one(session, line) if line.subject not in parked else _WAITS
            if why is not None:
                parked.add(line.subject)
                self._park(session, line, why)

    def retry(self, session: Session, subject: str) -> int:
        """Project what waits of a subject, oldest first, up to the first that still fails; gives how many wait."""
        waiting = select(Parked, LedgerLine).join(LedgerLine, LedgerLine.id == Parked.line_id)
        found = session.execute(waiting.where(Parked.subject == subject).order_by(Parked.id).with_for_update())
        for parked, row in found.all():
            why = self._one(session, stored_view(row))
            if why is not None:
                parked.why = why
                break
            session.delete(parked)
        session.flush()
        left = session.scalar(select(func.count()).where(Parked.subject == subject)) or 0
        if not left:
            clear_alarm(session, AlarmKind.POISON, subject, at=self._clock())
        tell(session, "parked")
        return left

    def _all(self, session: Session, lines: Sequence[LineView], types: Set[str]) -> bool:
        try:
            with session.begin_nested():
                for projector in self._projectors:
                    if told := _of(projector, lines, types):
                        _show(session, projector, told)
        except UNPROJECTABLE:
            return False
        return True

    def _one(self, session: Session, line: LineView) -> str | None:
        """Project one line; gives why not, None if done."""
        if line.type not in Fact.registry:
            return f"no fact is called {line.type!r} here"
        try:
            with session.begin_nested():
                for projector in self._projectors:
                    if line.type in projector.types:
                        projector.project(session, line)
        except UNPROJECTABLE as error:
            return f"{type(error).__name__}: {error}"
        return None

    def _park(self, session: Session, line: LineView, why: str) -> None:
        now = self._clock()
        session.add(Parked(line_id=line.id, subject=line.subject, why=why, parked_at=now))
        if why != _WAITS:
            raise_alarm(session, AlarmKind.POISON, line.subject, at=now, line=line.id, type=line.type, why=why)
        tell(session, "parked")


def parked_lines(session: Session) -> Iterable[tuple[Parked, LedgerLine]]:
    """Every parked line with its bytes, oldest first."""
    waiting = select(Parked, LedgerLine).join(LedgerLine, LedgerLine.id == Parked.line_id).order_by(Parked.id)
    return session.execute(waiting)


def _of(projector: Projector, lines: Sequence[L], types: Set[str]) -> Sequence[L]:
    """Those lines, which are of `types`, that are of the projector's."""
    if types <= projector.types:
        return lines
    return [line for line in lines if line.type in projector.types]


def _show(session: Session, projector: Projector, wanted: Sequence[LineView]) -> None:
    if isinstance(projector, BatchProjector):
        projector.project_batch(session, wanted)
        return
    for line in wanted:
        projector.project(session, line)
