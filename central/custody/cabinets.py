"""Putting up cabinets: what hangs where, which cell is which door."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.service import checked_size
from central.custody.cells import tell_cell
from central.custody.facts import CabinetSet
from central.custody.tables import Cabinet, Cell
from central.fleet.service import find_device
from central.ledger.own import record
from central.people.roles import Actor, must
from central.store import tell
from central.web.refused import Refused
from devices.topics import BadName, checked_name

MAX_CELL = 9999


def set_cabinet(  # noqa: PLR0913  (what hangs where)
    session: Session, by: Actor, name: str, *, place: str, gateway: str, reader: str | None, printer: str | None
) -> tuple[Cabinet, bool]:
    """Put up a cabinet or change it; gives it and whether anything changed. Raises Refused.

    A cabinet with cells stays on its gateway: its cells are that gateway's doors.
    """
    must(by, "cabinet.write")
    told = {"place": place.strip(), "gateway": gateway, "reader": reader or None, "printer": printer or None}
    _check_names(name, gateway, *filter(None, (reader, printer)))
    cabinet = session.scalars(select(Cabinet).where(Cabinet.name == name)).one_or_none()
    if cabinet is None:
        cabinet = Cabinet(name=name, cells=[], **told)
        session.add(cabinet)
    elif all(getattr(cabinet, field) == value for field, value in told.items()):
        return cabinet, False
    elif cabinet.cells and cabinet.gateway != gateway:
        raise Refused("卷宗柜“{name}”已有格口，不能改接其他网关。", code="cabinet_has_cells", name=name)
    else:
        for field, value in told.items():
            setattr(cabinet, field, value)
    _set(session, by, cabinet)
    return cabinet, True


def set_cell(  # noqa: PLR0913  (which cell is which door)
    session: Session, by: Actor, cabinet: Cabinet, number: int, *, size: str, device: str, door: int
) -> tuple[Cell, bool]:
    """Put in a cell or change it; gives it and whether anything changed. Raises Refused.

    The door of a cell that is in use cannot be exchanged.
    """
    must(by, "cabinet.write")
    _check_names(cabinet.name, device)
    told = {"size": checked_size(size), "device": device, "device_cell": door}
    if not 1 <= number <= MAX_CELL or not 1 <= door <= MAX_CELL:
        raise Refused("格口编号须在 1 到 {most} 之间。", code="bad_cell", status=422, most=MAX_CELL)
    _check_free(session, cabinet, number, device, door)
    cell = next((cell for cell in cabinet.cells if cell.number == number), None)
    if cell is None:
        cell = Cell(cabinet=cabinet, number=number, gateway=cabinet.gateway, **told)
        session.add(cell)
    elif all(getattr(cell, field) == value for field, value in told.items()):
        return cell, False
    elif cell.state in ("occupied", "reserved") and (cell.device, cell.device_cell) != (device, door):
        raise Refused("格口 {cell} 正在使用，不能更换柜门。", code="cell_in_use", cell=cell.label)
    else:
        for field, value in told.items():
            setattr(cell, field, value)
    cell.door = _door_now(session, cell)
    session.flush()
    _set(session, by, cabinet)
    tell_cell(session, cell)
    return cell, True


def _check_free(session: Session, cabinet: Cabinet, number: int, device: str, door: int) -> None:
    found = select(Cell).where(Cell.gateway == cabinet.gateway, Cell.device == device, Cell.device_cell == door)
    other = session.scalars(found).one_or_none()
    if other is not None and (other.cabinet_id, other.number) != (cabinet.id, number):
        lock = f"{device}/{door}"
        raise Refused("锁 {lock} 已属于格口 {cell}。", code="door_taken", lock=lock, cell=other.label)


def _door_now(session: Session, cell: Cell) -> str:
    """What the fleet knows of the door already: a cell may be entered long after its lock was first seen."""
    device = find_device(session, cell.gateway, cell.device)
    state = device.states.get(f"cell-{cell.device_cell}") if device is not None else None
    return state if state in ("open", "shut") else "unknown"


def _check_names(name: str, *devices: str) -> None:
    if not name or len(name) > 48:
        raise Refused("卷宗柜名称不能为空，最多 48 个字符。", code="bad_field", status=422)
    try:
        for device in devices:
            checked_name(device)
    except BadName as error:
        raise Refused("设备名称不可用：{why}", code="bad_name", status=422, why=str(error)) from error


def _set(session: Session, by: Actor, cabinet: Cabinet) -> None:
    session.flush()
    record(session, CabinetSet(cabinet=cabinet.id, cells=len(cabinet.cells)), actor=by.ref)
    tell(session, cabinet.topic)
