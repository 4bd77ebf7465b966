"""Alarms that only the world ends: who is away is not there again because somebody says so, nor is a disk empty."""

from collections.abc import Collection, Set

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import Alarm, AlarmKind
from central.fleet.tables import Device, Gateway

_AWAY = ("lost", "disconnected")


def lasting(session: Session, alarms: Collection[Alarm]) -> Set[int]:
    """Those of these alarms, by number, whose gateways or devices are still away (availability is counted by them), and
    of a central without room, which ends it by itself.
    """
    causes = [alarm.id for alarm in alarms if alarm.kind in (AlarmKind.SITE_LOST, AlarmKind.DEVICES_GONE)]
    within = session.scalars(select(Alarm).where(Alarm.cause_id.in_(causes), Alarm.cleared_at.is_(None))).all()
    away = _away(session, {alarm.subject for alarm in (*alarms, *within)})
    away |= {(alarm.kind, alarm.subject) for alarm in alarms if alarm.kind == AlarmKind.CENTRAL_FULL}
    still = [alarm for alarm in (*alarms, *within) if (alarm.kind, alarm.subject) in away and alarm.cleared_at is None]
    return {alarm.id for alarm in still} | {alarm.cause_id for alarm in still if alarm.cause_id is not None}


def _away(session: Session, subjects: Set[str]) -> Set[tuple[str, str]]:
    """Kind and subject of what is away."""
    boxes = {subject.partition("/")[0] for subject in subjects}
    in_use = Gateway.state != "revoked", Gateway.name.in_(boxes)
    lost = session.scalars(select(Gateway.name).where(*in_use, Gateway.presence.in_(_AWAY)))
    gone = select(Gateway.name + "/" + Device.name).where(Gateway.id == Device.gateway_id)
    gone = gone.where(*in_use, Device.presence == "gone", Device.removed_at.is_(None))
    return {(AlarmKind.GATEWAY_LOST, name) for name in lost} | {
        (AlarmKind.DEVICE_GONE, name) for name in session.scalars(gone)
    }
