"""Rows of cabinets, and rows of their cells."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.service import checked_size
from central.custody.cabinets import set_cabinet, set_cell
from central.custody.cells import find_cabinet
from central.custody.tables import Cabinet
from central.importing.reading import Column, Row, Sort, Table, whole_number
from central.people.roles import Actor


def _take_cabinet(session: Session, person: Actor, row: Row, now: datetime) -> Sort:
    known = session.scalars(select(Cabinet.id).where(Cabinet.name == row.text("name"))).first() is not None
    _, changed = set_cabinet(
        session,
        person,
        row.text("name"),
        place=row.text("place"),
        gateway=row.text("gateway"),
        reader=row.text("reader") or None,
        printer=row.text("printer") or None,
    )
    return _sort(known, changed)


def _take_cell(session: Session, person: Actor, row: Row, now: datetime) -> Sort:
    cabinet = row.read("cabinet", lambda name: find_cabinet(session, name))
    number = row.read("number", whole_number)
    door = row.read("door", whole_number) if row.text("door") else number
    known = any(cell.number == number for cell in cabinet.cells)
    size = row.read("size", checked_size)
    _, changed = set_cell(session, person, cabinet, number, size=size, device=row.text("device"), door=door)
    return _sort(known, changed)


def _sort(known: bool, changed: bool) -> Sort:
    if not known:
        return "new"
    return "changed" if changed else "same"


CABINETS = Table(
    "cabinet.write",
    (
        Column("柜名", "name", needed=True),
        Column("网关", "gateway", needed=True),
        Column("位置", "place"),
        Column("读码器", "reader"),
        Column("打印机", "printer"),
    ),
    _take_cabinet,
)
"""Known by name."""

CELLS = Table(
    "cabinet.write",
    (
        Column("柜名", "cabinet", needed=True),
        Column("格口", "number", needed=True),
        Column("尺寸", "size", needed=True),
        Column("锁板", "device", needed=True),
        Column("锁号", "door"),
    ),
    _take_cell,
    named_by=2,
)
"""Known by cabinet and number; without a lock's number it is the cell's own."""
