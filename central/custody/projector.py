"""What lockers report, turned into custody. Written from the question: who could be blamed wrongly?

- A door that opens names the wish or permit behind it, or nobody. Nobody means an alarm, and the volume inside is
  nobody's word until an archivist looked.
- Lines of one locker come in order, however late; so a late opening is judged by what the record said then.
- Custody moves when the door that a move opened is seen shut, and not before.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import AlarmKind, clear_alarm, raise_alarm
from central.clock import Clock
from central.custody import permits, service, settle
from central.custody.cells import Lockers, cabinet_of_reader, cell_at, lockers_of, tell_cell
from central.custody.facts import VolumeExposed
from central.custody.receipts import Receipts
from central.custody.standing import held
from central.custody.tables import Cell, Move
from central.ledger.own import record
from central.ledger.projection import LineView
from central.web.refused import Said
from central.wishes.service import outcome
from central.wishes.tables import WishRow
from devices.box import PermitRefused, PermitUsed, WishInterrupted, WishRefused, WishTaken
from devices.journal import Line
from devices.locks import DoorChanged, DoorLeftOpen, OpenNotDetected
from devices.messages import Fact, wire_name
from devices.readers import CodeRead

_SCAN_COUNTS = timedelta(minutes=1)
"""A scan older than that opens nothing: whoever scanned has gone."""

_HEARD: tuple[type[Fact], ...] = (
    DoorChanged,
    DoorLeftOpen,
    OpenNotDetected,
    CodeRead,
    WishTaken,
    WishRefused,
    WishInterrupted,
    PermitUsed,
    PermitRefused,
)


_CODE_READ, _DOOR_CHANGED = wire_name(CodeRead), wire_name(DoorChanged)


class CustodyProjector:
    """Shown every line that can concern a locker; stands behind the projector of wishes."""

    types = frozenset(wire_name(fact) for fact in _HEARD)

    def __init__(self, receipts: Receipts, clock: Clock) -> None:
        self._receipts = receipts
        self._clock = clock

    def concerns(self, session: Session, gateway: str, lines: Sequence[Line]) -> Sequence[Line]:
        """Those that concern a locker; a backlog holds thousands that do not."""
        lockers, now = lockers_of(session, gateway), self._clock()
        return [line for line in lines if _concerns(line, lockers, now)]

    def project(self, session: Session, line: LineView) -> None:
        """Take in one line."""
        match line.fact:
            case DoorChanged() as changed:
                self._door(session, line, changed)
            case DoorLeftOpen() as left:
                _left_open(session, line, left)
            case CodeRead() as read:
                self._code(session, line, read)
            case PermitUsed() as used:
                permits.used(session, line, used.cell)
            case PermitRefused() as refused:
                permits.refused(session, line, refused)
            case fact:
                _of_wish(session, line, fact)

    def _door(self, session: Session, line: LineView, changed: DoorChanged) -> None:
        cell = cell_at(session, line.gateway, line.device, changed.cell)
        if cell is None:
            if _is_unasked(line, changed):
                raise_alarm(session, AlarmKind.DOOR_UNASKED, line.subject, at=line.at)
            return
        before, cell.door, cell.door_at = cell.door, changed.door, line.at
        tell_cell(session, cell)
        if changed.door == "open":
            _opened(session, line, cell, new=not changed.found or before == "shut")
        elif changed.door == "shut":
            self._shut(session, line, cell, found=changed.found)

    def _shut(self, session: Session, line: LineView, cell: Cell, *, found: bool) -> None:
        clear_alarm(session, AlarmKind.DOOR_LEFT_OPEN, cell.subject, at=line.at)
        move = _standing_open(session, cell)
        if move is not None and settle.shut(session, move, line, found=found) and move.puts_in:
            self._receipts.give(session, move, self._clock())

    def _code(self, session: Session, line: LineView, read: CodeRead) -> None:
        now = self._clock()
        cabinet = cabinet_of_reader(session, line.gateway, line.device)
        if cabinet is not None and now - line.at <= _SCAN_COUNTS:
            service.code_read(session, cabinet, read.code, now)


class CustodyWatcher:
    """Raises the alarm of a door that nobody asked to open at once, however long the backlog before its line."""

    types = frozenset({_DOOR_CHANGED})

    def notice(self, session: Session, line: LineView) -> None:
        """Raise the alarm this line will raise."""
        changed = line.fact
        if not isinstance(changed, DoorChanged) or not _is_unasked(line, changed):
            return
        cell = cell_at(session, line.gateway, line.device, changed.cell)
        if cell is None:
            raise_alarm(session, AlarmKind.DOOR_UNASKED, line.subject, at=line.at)
        else:
            _unasked(session, line, cell)


def _is_unasked(line: LineView, changed: DoorChanged) -> bool:
    return changed.door == "open" and not changed.found and line.cause is None


def _unasked(session: Session, line: LineView, cell: Cell) -> None:
    raise_alarm(session, AlarmKind.DOOR_UNASKED, cell.subject, at=line.at, cell=cell.id, volume=cell.volume_id)


def _concerns(line: Line, lockers: Lockers, now: datetime) -> bool:
    """False only for what `project` would take in without a trace."""
    if line.type == _CODE_READ:
        return line.device in lockers.readers and now - line.at <= _SCAN_COUNTS
    if line.type == _DOOR_CHANGED and line.device not in lockers.banks:
        return line.cause is None and line.body.get("door") == "open" and not line.body.get("found")
    return True


def _opened(session: Session, line: LineView, cell: Cell, *, new: bool) -> None:
    move = _move_behind(session, line, cell)
    if move is not None and settle.opened(session, move, line):
        return
    if move is not None:
        raise_alarm(session, AlarmKind.CUSTODY_UNCLEAR, move.volume.ref, at=line.at, move=move.id)
    asked = line.cause is not None and session.get(WishRow, line.cause) is not None
    if cell.volume_id is not None:
        _expose(session, line, cell)
    if cell.volume_id is not None or (new and not asked):
        _unasked(session, line, cell)


def _expose(session: Session, line: LineView, cell: Cell) -> None:
    if cell.volume is None:
        return
    custody = held(session, cell.volume)
    custody.tamper_at = custody.tamper_at or line.at
    record(session, VolumeExposed(volume=cell.volume.ref, cell=cell.ref, proof=line.hash))
    service.tell_volume(session, cell.volume)


def _left_open(session: Session, line: LineView, left: DoorLeftOpen) -> None:
    cell = cell_at(session, line.gateway, line.device, left.cell)
    subject = cell.subject if cell else line.subject
    raise_alarm(session, AlarmKind.DOOR_LEFT_OPEN, subject, at=line.at, seconds=left.seconds)
    move = _standing_open(session, cell) if cell else None
    if move is not None:
        settle.left_open(session, move, line)


def _of_wish(session: Session, line: LineView, fact: Fact) -> None:
    move = _move_of_cause(session, line)
    if move is None:
        return
    match fact:
        case WishTaken():
            settle.step(session, move, "taken", line)
        case WishRefused(why="repeated"):
            return  # a second copy met the first, which runs
        case WishRefused(why="expired"):
            settle.fail(session, move, "stale", line, _why(session, move))
        case WishRefused():
            settle.fail(session, move, "refused", line, _why(session, move))
        case WishInterrupted():
            settle.fail(session, move, "interrupted", line, _why(session, move))
        case OpenNotDetected():
            settle.fail(session, move, "not_detected", line, _why(session, move))


def _why(session: Session, move: Move) -> Said:
    row = session.get(WishRow, move.wish) if move.wish else None
    return outcome(row) if row is not None else Said("锁已释放，但没有检测到柜门打开。柜门可能卡住，请到现场查看。")


def _move_behind(session: Session, line: LineView, cell: Cell) -> Move | None:
    """The move whose wish or permit opened this door; one for another cell is none."""
    move = _move_of_cause(session, line)
    return move if move is not None and move.cell_id == cell.id else None


def _move_of_cause(session: Session, line: LineView) -> Move | None:
    if line.cause is None:
        return None
    found = select(Move).where((Move.wish == line.cause) | (Move.permit == line.cause)).order_by(Move.id.desc())
    move = session.scalars(found.limit(1)).first()
    return move if move is not None and move.cell is not None and move.cell.gateway == line.gateway else None


def _standing_open(session: Session, cell: Cell) -> Move | None:
    """The move that opened the door of this cell, which has not been seen shut since."""
    found = select(Move).where(Move.cell_id == cell.id, Move.state.in_(("OPENED", "LEFT_OPEN")))
    return session.scalars(found).one_or_none()
