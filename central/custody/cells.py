"""Cabinets and their cells: finding them, choosing a free one, putting one out of use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, case, exists, literal, select, union_all
from sqlalchemy.orm import Session, selectinload

from central.cases.service import SIZES
from central.custody.facts import CellBlocked
from central.custody.tables import Cabinet, Cell, Move, Permit
from central.fleet.tables import Gateway
from central.ledger.own import record
from central.people.roles import Actor, must
from central.store import columns_of, tell
from central.web.refused import Refused, Said

SIZE_NAMES = {"S": "小", "M": "中", "L": "大"}
"""What sizes of cells and volumes are called."""
_SHY = timedelta(hours=1)
"""A cell whose door did not open is chosen last for so long."""


def _locked(cells: Select[Any]) -> Select[Any]:
    return cells.with_for_update(of=Cell).execution_options(populate_existing=True)


# Asked at every door and every deposit, and made once, for making a question costs as much as asking it.
_BY_NAME = select(Cabinet).where(Cabinet.name == bindparam("name"))
_BEHIND = _locked(
    select(Cell).where(
        Cell.gateway == bindparam("gateway"),
        Cell.device == bindparam("device"),
        Cell.device_cell == bindparam("number"),
    )
)
_STILL_OPENS = select(Permit.cell_id).where(Permit.state == "REVOKED", Permit.expires_at > bindparam("now"))
_JAMMED = Cell.id.in_(  # found by the state, which few moves end in: a cell has thousands
    select(Move.cell_id).where(
        Move.state == "OPEN_NOT_DETECTED", Move.ended_at > bindparam("since"), Move.cell_id.is_not(None)
    )
)
_SIZE = case({size: order for order, size in enumerate(SIZES)}, value=Cell.size)
_FREE = _locked(
    select(Cell)
    .where(
        Cell.cabinet_id == bindparam("cabinet"),
        Cell.state == "free",
        Cell.door != "open",
        bindparam("least") <= _SIZE,
        Cell.id.not_in(_STILL_OPENS),
    )
    .order_by(_JAMMED, _SIZE, Cell.number)
    .limit(1)
)
_GATEWAY = columns_of(Gateway)
_PRESENCE = select(_GATEWAY.state, _GATEWAY.presence).where(_GATEWAY.name == bindparam("name"))
_CELL, _CABINET, _MOVE = columns_of(Cell), columns_of(Cabinet), columns_of(Move)
_WAITS = exists().where(_MOVE.cabinet_id == _CABINET.id, _MOVE.state == "SCAN")
_LOCKERS = union_all(
    select(literal(1), _CELL.device).where(_CELL.gateway == bindparam("gateway")).distinct(),
    select(literal(0), _CABINET.reader).where(_CABINET.gateway == bindparam("gateway"), _WAITS),
)


def cabinets(session: Session) -> Sequence[Cabinet]:
    """Every cabinet with its cells, by name."""
    return session.scalars(select(Cabinet).options(selectinload(Cabinet.cells)).order_by(Cabinet.name)).all()


def find_cabinet(session: Session, cabinet: int | str) -> Cabinet:
    """The cabinet by its row or its name; raises Refused (404)."""
    if isinstance(cabinet, int):
        found = session.get(Cabinet, cabinet)
    else:
        found = session.scalars(_BY_NAME, {"name": cabinet}).one_or_none()
    if found is None:
        raise Refused("没有卷宗柜“{cabinet}”。", code="no_such_cabinet", status=404, cabinet=cabinet)
    return found


def find_cell(session: Session, cell: int) -> Cell:
    """The cell of that row; raises Refused (404)."""
    found = session.get(Cell, cell)
    if found is None:
        raise Refused("没有这个格口。", code="no_such_cell", status=404)
    return found


def cell_at(session: Session, gateway: str, device: str, number: int) -> Cell | None:
    """The cell behind a door as its gateway names it, locked; None if it belongs to no cabinet."""
    return session.scalars(_BEHIND, {"gateway": gateway, "device": device, "number": number}).one_or_none()


@dataclass(frozen=True)
class Lockers:
    """The devices of one gateway that belong to a cabinet."""

    banks: frozenset[str]
    readers: frozenset[str]
    """Those at which a deposit waits for a code; what others read changes nothing."""


def lockers_of(session: Session, gateway: str) -> Lockers:
    """Banks of locks of a gateway that belong to a cabinet, and readers at which a deposit waits.

    By what is written out: asked for each batch, it does not write out what the ledger has just changed.
    """
    found = session.connection().execute(_LOCKERS, {"gateway": gateway}).all()
    return Lockers(
        frozenset(device for is_bank, device in found if is_bank),
        frozenset(device for is_bank, device in found if not is_bank and device),
    )


def cabinet_of_reader(session: Session, gateway: str, reader: str) -> Cabinet | None:
    """The cabinet at which that reader hangs."""
    return session.scalars(select(Cabinet).where(Cabinet.gateway == gateway, Cabinet.reader == reader)).first()


def free_cell(session: Session, cabinet: Cabinet, size: str, now: datetime) -> Cell:
    """The cell for a volume: smallest that fits, then lowest number; locked. Raises Refused when the locker is full.

    Never one whose door stands open, nor one a revoked permit may still open; last, one whose door lately jammed.
    """
    asked = {"cabinet": cabinet.id, "least": SIZES.index(size), "now": now, "since": now - _SHY}
    cell: Cell | None = session.scalars(_FREE, asked).one_or_none()
    if cell is None:
        raise Refused(
            "{cabinet} 柜没有放得下这册卷宗（{size}）的空格，卷宗记录未变。请换一个柜，或请档案员腾出一格。",
            code="locker_full",
            cabinet=cabinet.name,
            size=Said(SIZE_NAMES[size]),
        )
    return cell


def must_be_there(session: Session, gateway: str) -> None:
    """Raises Refused when the gateway is known to be away: asking it would only end in silence."""
    found = session.execute(_PRESENCE, {"name": gateway}).one_or_none()
    if found is None:
        raise Refused("柜机“{gateway}”尚未接入。", code="no_such_gateway", gateway=gateway)
    if found.state != "active" or found.presence in ("disconnected", "lost"):
        raise Refused(
            "柜机“{gateway}”现在联系不上，什么也没有动。请稍后重试，或凭取卷凭证到柜前取卷。",
            code="gateway_away",
            status=503,
            gateway=gateway,
        )


def block_cell(session: Session, person: Actor, cell: Cell, blocked: bool) -> None:
    """Put a free cell out of use, or back into it; raises Refused while something is in it or on its way."""
    must(person, "cabinet.write")
    if cell.state not in ("free", "blocked"):
        raise Refused("{cell} 格口正在使用，不能停用。", code="cell_in_use", cell=cell.label)
    cell.state = "blocked" if blocked else "free"
    record(session, CellBlocked(cell=cell.ref, blocked=blocked), actor=person.ref)
    tell_cell(session, cell)


def tell_cell(session: Session, cell: Cell) -> None:
    """Pages that show this cell or its cabinet are to draw it again."""
    tell(session, cell.topic, f"cabinet:{cell.cabinet_id}", "cabinets")
