"""What time alone brings about: wishes nobody answered, scans that never came, permits over, volumes overdue."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import AlarmKind, raise_alarm
from central.custody import permits, settle
from central.custody.facts import VolumeOverdue
from central.custody.service import tell_volume
from central.custody.tables import Custody, Move
from central.ledger.own import record
from central.web.refused import Said
from central.wishes import service as wishes

SCAN_WAITS = timedelta(minutes=10)
"""How long a deposit waits for its barcode."""


def sweep(session: Session, now: datetime) -> None:
    """Bring everything up to `now`; run every few seconds, in a transaction of its own."""
    for row in wishes.expire(session, now):
        for move in session.scalars(select(Move).where(Move.wish == row.jti)):
            settle.end_by_central(session, move, "unanswered", wishes.outcome(row))
    waited = select(Move).where(Move.state == "SCAN", Move.begun_at < now - SCAN_WAITS)
    for move in session.scalars(waited.with_for_update(of=Move)):
        settle.end_by_central(session, move, "cancelled", Said("没有等到扫码，这次存卷已取消。卷宗记录未变。"))
    permits.expire(session, now)
    _overdue(session, now)


def _overdue(session: Session, now: datetime) -> None:
    late = select(Custody).where(Custody.state == "OUT", Custody.due < now, Custody.overdue_at.is_(None))
    for custody in session.scalars(late):
        volume, holder = custody.volume, custody.holder or ""
        custody.overdue_at = now
        record(session, VolumeOverdue(volume=volume.ref, holder=holder))
        raise_alarm(session, AlarmKind.VOLUME_OVERDUE, volume.ref, at=now, holder=holder)
        tell_volume(session, volume)
