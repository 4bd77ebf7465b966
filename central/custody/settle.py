"""What the world's reports do to a move and, when a door closes on it, to custody.

Each report comes with the line that proves it. Custody changes in `shut` and nowhere else at a locker: until the
door is closed, the volume stays with whoever had it.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import AlarmKind, clear_alarm, raise_alarm
from central.cases.service import volume_topic
from central.custody import door
from central.custody.cells import tell_cell
from central.custody.facts import MoveEnded, VolumeMoved
from central.custody.standing import held
from central.custody.tables import IN_THE_INDEX, Cell, Custody, Move
from central.ledger.own import record
from central.ledger.projection import LineView
from central.store import tell
from central.web.refused import Said

LEFT_OPEN = Said("柜门未关好，卷宗仍记在您名下。请推紧柜门。")
LEFT_OPEN_OUT = Said("柜门未关好，取卷尚未完成，记录仍为在柜。请推紧柜门。")
_OPEN_IN = Said("柜门已开。请放入卷宗并推紧柜门。")
_OPEN_OUT = Said("柜门已开。请取出卷宗并推紧柜门。")
_STORED = Said("卷宗已存入，保管责任已转移。")
_HANDED = Said("卷宗已取出，自此由取卷人保管。")
_OVERTAKEN = Said("这次办理已被柜前实际发生的另一次存取取代，卷宗的记录未因这次办理改变。")
_CONTRADICTED = Said("柜门已关，但记录中卷宗不在此格，未作变更。请档案员到柜前核对。")


def step(session: Session, move: Move, event: door.Event, line: LineView, said: Said | None = None) -> bool:
    """Carry the move on as its table says; False if the report does not concern a move in that state."""
    to = door.next_state(move.state, event)
    if to is None:
        return False
    move.state = to
    move.prove(event, line.id)
    if said is not None:
        say(move, said)
    tell(session, move.topic, volume_topic(move.volume_id), "moves")
    return True


def opened(session: Session, move: Move, line: LineView) -> bool:
    """The door was seen open because of this move; False if the move is past that and its record stays."""
    if (
        door.next_state(move.state, "opened") is None
        or not _still_stands(session, move)
        or not _make_way(session, move)
    ):
        return False
    if move.puts_in and move.cell is not None:
        move.cell.state = "reserved"
    move.ended_at, move.opened_at = None, line.at
    return step(session, move, "opened", line, _OPEN_IN if move.puts_in else _OPEN_OUT)


def left_open(session: Session, move: Move, line: LineView) -> None:
    """The door stands open too long; custody is unchanged until it is shut."""
    step(session, move, "left_open", line, LEFT_OPEN if move.puts_in else LEFT_OPEN_OUT)


def shut(session: Session, move: Move, line: LineView, *, found: bool = False) -> bool:
    """The door closed on it: custody moves, as of the line's time. False if it did not, for the record contradicts."""
    custody = held(session, move.volume)
    move.shut_at = move.ended_at = line.at
    move.evidence = "door_found" if found else "door"
    cell = move.cell
    if cell is None or not _fits(custody, move):
        step(session, move, "contradicted", line, _CONTRADICTED)
        raise_alarm(session, AlarmKind.CUSTODY_UNCLEAR, move.volume.ref, at=line.at, move=move.id)
        return False
    step(session, move, "shut", line, _STORED if move.puts_in else _HANDED)
    before = custody.state
    if move.puts_in:
        put_in(session, custody, move, cell)
    else:
        take_out(custody, move, cell)
    commit(session, custody, move, before, line)
    return True


def fail(session: Session, move: Move, event: door.Event, line: LineView, said: Said) -> bool:
    """The move ended and custody stays as it was; a cell kept for it is free again. False if it was over already."""
    if not step(session, move, event, line, said):
        return False
    move.ended_at = line.at
    free(session, move)
    return True


def free(session: Session, move: Move) -> None:
    """Let go of the cell that was kept for this deposit."""
    if move.puts_in and move.cell is not None and move.cell.state == "reserved":
        move.cell.state = "free"
        tell_cell(session, move.cell)


def put_in(session: Session, custody: Custody, move: Move, cell: Cell) -> None:
    """The volume lies in the cell from now on."""
    custody.state, custody.cell_id, custody.holder, custody.due = "STORED", move.cell_id, None, None
    custody.reserved_for = custody.overdue_at = custody.misplaced_at = custody.tamper_at = None
    cell.state, cell.volume_id = "occupied", move.volume_id
    clear_alarm(session, AlarmKind.VOLUME_OVERDUE, move.volume.ref, at=move.shut_at)


def take_out(custody: Custody, move: Move, cell: Cell) -> None:
    """The volume is with the move's holder from now on, and the cell is free."""
    custody.state, custody.cell_id, custody.holder, custody.due = "OUT", None, move.holder, move.due
    custody.reserved_for = None
    cell.state, cell.volume_id = "free", None


def commit(session: Session, custody: Custody, move: Move, before: str, proof: LineView | None) -> None:
    """Write that custody changed, in central's own book and on every page that shows it."""
    moved = VolumeMoved(
        move=move.id,
        volume=move.volume.ref,
        kind=move.kind,
        from_state=before,
        to_state=custody.state,
        cell=move.cell.ref if move.cell else None,
        holder=custody.holder,
        evidence=move.evidence,
        proof=proof.hash if proof else None,
    )
    line = record(session, moved, actor=move.person, cause=move.wish or move.permit)
    custody.since = proof.at if proof else line.at
    move.prove("committed", line.id)
    if move.cell is not None:
        tell_cell(session, move.cell)
    tell(session, move.topic, volume_topic(move.volume_id), "moves", "cases")


def end_by_central(session: Session, move: Move, event: door.Event, said: Said, person: str | None = None) -> None:
    """The move ends by central's word (nobody answered, cancelled, overtaken), and a line says so."""
    to = door.next_state(move.state, event)
    if to is not None:
        ended = MoveEnded(move=move.id, volume=move.volume.ref, ended=to)
        fail(session, move, event, record(session, ended, actor=person, cause=move.wish), said)


def say(move: Move, said: Said) -> None:
    """The person at this move is told."""
    move.said = said.packed()


def _still_stands(session: Session, move: Move) -> bool:
    """True if a late opening can still mean this move: its cell was not used otherwise since."""
    cell, custody = move.cell, held(session, move.volume)
    if cell is None:
        return False
    if not move.puts_in:
        return custody.cell_id == cell.id
    return cell.volume_id is None and custody.cell_id is None


def _fits(custody: Custody, move: Move) -> bool:
    return custody.cell_id is None if move.puts_in else custody.cell_id == move.cell_id


def _make_way(session: Session, move: Move) -> bool:
    """Others that wait for the same cell or volume end: the door is the truth. False if one already has a door open."""
    rivals = select(Move).where(
        Move.id != move.id,
        Move.state.in_(IN_THE_INDEX),
        (Move.volume_id == move.volume_id) | (Move.cell_id == move.cell_id),
    )
    waiting = session.scalars(rivals).all()
    if any(rival.opened_at is not None for rival in waiting):
        return False
    for rival in waiting:
        end_by_central(session, rival, "overtaken", _OVERTAKEN)
    session.flush()
    return True
