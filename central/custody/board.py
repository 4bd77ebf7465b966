"""What the pages of custody show: walls, chains and what waits, read together so that no page asks cell by cell."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from central.cases.tables import Party, Volume
from central.custody.tables import UNDER_WAY, Cabinet, Cell, Custody, Move, Permit
from central.people.tables import Person
from central.store import row_in

PIECE = 20
"""Volumes of a case that are shown at once."""
_LISTED = 20


@dataclass(frozen=True)
class CellView:
    """One cell as the wall draws it."""

    cell: Cell
    custody: Custody | None
    move: Move | None
    """What is under way at it."""

    @property
    def wrong(self) -> str | None:
        """What is wrong with the volume in it."""
        return min(self.custody.sides & {"TAMPER", "MISPLACED"}, default=None) if self.custody else None

    @property
    def tone(self) -> str:
        """How it looks: what is wrong first, then the door, then what is inside."""
        if self.wrong:
            return "broken"
        if self.cell.door == "open":
            return "person"
        return {"free": "working", "occupied": "waiting", "reserved": "waiting"}.get(self.cell.state, "away")

    @property
    def since(self) -> datetime | None:
        """Since when it is as it is, as far as known."""
        return self.custody.since if self.custody is not None else self.cell.door_at


@dataclass(frozen=True)
class Waiting:
    """What waits for one person."""

    moves: Sequence[Move] = field(default_factory=list)
    overdue: Sequence[Custody] = field(default_factory=list)
    held: Sequence[Custody] = field(default_factory=list)
    reserved: Sequence[Custody] = field(default_factory=list)
    to_check: Sequence[Custody] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """True if nothing waits."""
        return not (self.moves or self.overdue or self.held or self.reserved or self.to_check)


@dataclass(frozen=True)
class Piece:
    """Those volumes of a case that are shown at once."""

    volumes: Sequence[Volume]
    first: int
    """How many of those found stand before them."""
    found: int
    words: str
    """What was looked for."""


def piece_of(volumes: Sequence[Volume], chosen: int | None, asked: Mapping[str, str]) -> Piece:
    """The piece that was asked for (`q`: number or part of a barcode, `first`), or the one with the chosen volume."""
    words = asked.get("q", "").strip()[:40]
    found = [each for each in volumes if str(each.number) == words] if words else volumes
    found = found or [each for each in volumes if words.casefold() in (each.barcode or "").casefold()]
    at = next((n for n, each in enumerate(found) if each.id == chosen), row_in(asked.get("first", "")) or 0)
    first = min(at, max(0, len(found) - 1)) // PIECE * PIECE
    return Piece(found[first : first + PIECE], first, len(found), words)


def walls(session: Session) -> list[tuple[Cabinet, list[CellView]]]:
    """Every cabinet with its cells as they are now."""
    cells = selectinload(Cabinet.cells).selectinload(Cell.volume).joinedload(Volume.case)
    cabinets = session.scalars(select(Cabinet).order_by(Cabinet.name).options(cells)).all()
    ids = [cell.id for each in cabinets for cell in each.cells]
    custody = {row.cell_id: row for row in session.scalars(select(Custody).where(Custody.cell_id.in_(ids)))}
    moves = {move.cell_id: move for move in session.scalars(_moving().where(Move.cell_id.in_(ids)))}
    return [
        (each, [CellView(cell, custody.get(cell.id), moves.get(cell.id)) for cell in each.cells]) for each in cabinets
    ]


def waiting(session: Session, person: str, *, everybody: bool) -> Waiting:
    """What waits for this person; with `everybody`, overdue volumes and moves of others too."""
    late = _custody().where(Custody.overdue_at.is_not(None))
    moves = _moving()
    if not everybody:
        late = late.where(Custody.holder == person)
        moves = moves.where(Move.person == person)
    held = _custody().where(Custody.holder == person, Custody.state == "OUT", Custody.overdue_at.is_(None))
    doubtful = or_(Custody.tamper_at.is_not(None), Custody.misplaced_at.is_not(None))
    return Waiting(
        moves=session.scalars(moves.order_by(Move.begun_at)).all(),
        overdue=session.scalars(late.order_by(Custody.due).limit(100)).all(),
        held=session.scalars(held.order_by(Custody.due).limit(100)).all(),
        reserved=session.scalars(_custody().where(Custody.reserved_for == person, Custody.state == "RESERVED")).all(),
        to_check=session.scalars(_custody().where(doubtful).limit(100)).all() if everybody else [],
    )


def chains(session: Session, volumes: Iterable[Volume]) -> Mapping[int, list[Move]]:
    """Volume number -> its moves, newest first."""
    ids = [volume.id for volume in volumes]
    told: dict[int, list[Move]] = {number: [] for number in ids}
    for move in session.scalars(_moves().where(Move.volume_id.in_(ids)).order_by(Move.begun_at.desc(), Move.id.desc())):
        told[move.volume_id].append(move)
    return told


def history(session: Session, cell: Cell) -> Sequence[Move]:
    """The last moves through a cell, newest first."""
    return session.scalars(_moves().where(Move.cell_id == cell.id).order_by(Move.begun_at.desc()).limit(_LISTED)).all()


def live_permits(session: Session, volumes: Iterable[Volume]) -> Mapping[int, Permit]:
    """Volume number -> its permit that still opens."""
    ids = [volume.id for volume in volumes]
    found = session.scalars(select(Permit).where(Permit.volume_id.in_(ids), Permit.state == "LIVE"))
    return {permit.volume_id: permit for permit in found}


def to_deposit(session: Session, person: str) -> Sequence[Custody]:
    """Volumes this person may be about to bring back: what they hold, then what was handed in."""
    mine = _custody().where(Custody.state == "OUT", Custody.holder == person)
    back = _custody().where(Custody.state == "RETURNED")
    found = [*session.scalars(mine.order_by(Custody.due).limit(_LISTED)), *session.scalars(back.limit(_LISTED))]
    return found[:_LISTED]


def rooms(session: Session) -> list[tuple[Cabinet, int]]:
    """Every cabinet with how many of its cells are free."""
    free = select(Cell.cabinet_id, func.count()).where(Cell.state == "free").group_by(Cell.cabinet_id)
    counts = {cabinet: n for cabinet, n in session.execute(free)}
    return [(cabinet, counts.get(cabinet.id, 0)) for cabinet in session.scalars(select(Cabinet).order_by(Cabinet.name))]


def stored(session: Session, cases: Collection[int], limit: int = 50) -> Sequence[Custody]:
    """The volumes of these cases that lie in a locker."""
    found = _custody().join(Volume, Volume.id == Custody.volume_id)
    return session.scalars(found.where(Volume.case_id.in_(cases), Custody.cell_id.is_not(None)).limit(limit)).all()


def move_at(session: Session, cell: Cell) -> Move | None:
    """What is under way at a cell."""
    return session.scalars(_moving().where(Move.cell_id == cell.id)).first()


def names_of(session: Session, refs: Collection[str | None]) -> Mapping[str, str]:
    """Reference (`person:3`, `party:7`) -> name; what is gone keeps its reference."""
    told = {ref: ref for ref in refs if ref}
    for kind, table in (("person", Person), ("party", Party)):
        ids = [int(ref.partition(":")[2]) for ref in told if ref.startswith(f"{kind}:")]
        if ids:
            rows = session.execute(select(table.id, table.name).where(table.id.in_(ids)))
            told |= {f"{kind}:{number}": name for number, name in rows}
    return told


def _custody() -> Select[Custody]:
    return select(Custody).options(
        joinedload(Custody.volume).joinedload(Volume.case), joinedload(Custody.cell).joinedload(Cell.cabinet)
    )


def _moves() -> Select[Move]:
    return select(Move).options(
        joinedload(Move.volume).joinedload(Volume.case), joinedload(Move.cell), joinedload(Move.cabinet)
    )


def _moving() -> Select[Move]:
    return _moves().where(Move.state.in_(UNDER_WAY))
