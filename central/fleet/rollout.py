"""One change brought to many gateways: one, then a tenth, then all; the first that refuses stops it for a person."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import String, and_, case, cast, false, func, select, true, update
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.fleet import configuration, documents
from central.fleet.catalogue import catalogue_of
from central.fleet.config_edit import rewritten
from central.fleet.facts import RolloutChanged, RolloutMade
from central.fleet.glance import tagged
from central.fleet.tables import DesiredDocument, Gateway, Rollout, RolloutBox
from central.ledger.own import record
from central.places import in_order
from central.store import tell
from central.sweeping import Sweep
from central.web.refused import Refused

WAVES_PERCENT = (0, 10, 100)
"""Up to which share of the gateways each wave goes; the first is one box."""
AT_ONCE = 20
"""Gateways of a wave that are sent to in one transaction: others want to write too."""
PATIENCE: Mapping[str, timedelta] = {
    documents.CONFIG: timedelta(minutes=15),
    documents.SOFTWARE: timedelta(hours=3),
    documents.MODEL: timedelta(hours=3),
    documents.LOGO: timedelta(hours=3),
}
"""A gateway that has said nothing of the document for so long stops the roll-out; most wait for hearings."""


def check(session: Session, blobs: Blobs, patch: str, gateways: Sequence[Gateway]) -> None:
    """Every gateway can have this change. Writes nothing, for with very many it takes a while.

    Raises Refused (422) naming the first that would get a configuration that cannot be.
    """
    change = configuration.values(patch)
    for gateway in gateways:
        _changed(session, blobs, gateway, change)


def make(
    session: Session, title: str, patch: str, gateways: Sequence[Gateway], now: datetime, *, actor: str
) -> Rollout:
    """Begin one, once `check` has passed; a gateway that was changed since is passed over when its turn comes.

    Raises Refused: no title or nobody chosen (422), one is in another (409).
    """
    if not title.strip():
        raise Refused("请写明这次变更是做什么。", code="no_title", status=422)
    made = Rollout(title=title.strip()[:120], patch=patch, document=documents.CONFIG, made_at=now, by=actor)
    return _begun(session, made, gateways)


def bring(  # noqa: PLR0913
    session: Session, title: str, document: str, sha256: str, gateways: Sequence[Gateway], now: datetime, *, actor: str
) -> Rollout:
    """Begin one that brings all of them the same blob as that document. Raises Refused: nobody (422), another (409)."""
    made = Rollout(title=title[:120], patch="", document=document, sha256=sha256, made_at=now, by=actor)
    return _begun(session, made, gateways)


def one(session: Session, number: int) -> Rollout:
    """The roll-out of that number. Raises Refused (404)."""
    found = session.get(Rollout, number)
    if found is None:
        raise Refused("没有第 {n} 号推送。", code="no_such_rollout", status=404, n=str(number))
    return found


@dataclass(frozen=True)
class Progress:
    """How many of a roll-out's gateways there are, and how many have it."""

    boxes: int = 0
    kept: int = 0


def progress(session: Session, rollouts: Sequence[int]) -> Mapping[int, Progress]:
    """How far each of these is."""
    kept = func.sum(case((RolloutBox.state == "kept", 1), else_=0))
    counted = select(RolloutBox.rollout_id, func.count(), kept).where(RolloutBox.rollout_id.in_(rollouts))
    told = {number: Progress(*of) for number, *of in session.execute(counted.group_by(RolloutBox.rollout_id))}
    return {number: told.get(number, Progress()) for number in rollouts}


def groups(session: Session) -> Sequence[str]:
    """What a roll-out can be for as a whole, as `of_group` takes it: `tag:...` and `floor:...`."""
    active = Gateway.state == "active"
    floors = session.scalars(select(Gateway.floor).where(active, Gateway.floor != "").distinct())
    tags = session.scalars(select(cast(Gateway.tags, String)).where(active).distinct())
    return [
        *(f"tag:{tag}" for tag in sorted({tag for told in tags for tag in json.loads(told)})),
        *(f"floor:{floor}" for floor in sorted(floors, key=in_order)),
    ]


def of_group(session: Session, group: str) -> Sequence[Gateway]:
    """The gateways in use of one of `groups`, or of `all`; none of an unknown one."""
    kind, _, name = group.partition(":")
    fits = {
        "all": true(),
        "floor": Gateway.floor == name,
        "tag": tagged(name),
    }.get(kind, false())
    return session.scalars(select(Gateway).where(Gateway.state == "active", fits).order_by(Gateway.name)).all()


def _begun(session: Session, rollout: Rollout, gateways: Sequence[Gateway]) -> Rollout:
    if not gateways:
        raise Refused("请选择至少一台网关。", code="nobody", status=422)
    _free(session, rollout.document, gateways)
    session.add(rollout)
    session.flush()
    # Those that are there come first: one that cannot answer would hold up all others for as long as it is waited for.
    for number, gateway in enumerate(sorted(gateways, key=lambda each: not each.is_there)):
        session.add(RolloutBox(rollout_id=rollout.id, gateway_id=gateway.id, wave=_wave(number, len(gateways))))
    made = RolloutMade(rollout=rollout.id, gateways=len(gateways), document=rollout.document, sha256=rollout.sha256)
    record(session, made, actor=rollout.by)
    tell(session, "rollouts")
    return rollout


def _free(session: Session, document: str, gateways: Sequence[Gateway]) -> None:
    """Raises Refused (409) if another roll-out still has to bring one of them the same document: pressed twice."""
    found = (
        select(RolloutBox)
        .join(Rollout)
        .where(
            Rollout.document == document,
            Rollout.state.in_(("running", "paused")),
            RolloutBox.state.in_(("waiting", "sent")),
            RolloutBox.gateway_id.in_([gateway.id for gateway in gateways]),
        )
    )
    busy = session.scalars(found.order_by(RolloutBox.id).limit(1)).one_or_none()
    if busy is not None:
        raise Refused("网关 {gateway} 还在第 {n} 号推送里。请先让那次推送完成，或停止它。", code="in_rollout",
                      gateway=busy.gateway.name, n=busy.rollout_id)  # fmt: skip


def go_on(session: Session, rollout: Rollout, to: str, *, actor: str) -> None:
    """A person lets it go on (those that failed are passed over), pauses it or stops it for good. Raises Refused."""
    if rollout.state in ("done", "stopped") or to not in ("running", "paused", "stopped"):
        raise Refused("这次推送已经结束。", code="rollout_ended")
    if to == "running":
        for box in rollout.boxes:
            if box.state in ("refused", "late"):
                box.state = "skipped"
    if to == "stopped":
        never = update(RolloutBox).where(RolloutBox.rollout_id == rollout.id, RolloutBox.state == "waiting")
        session.execute(never.values(state="skipped"))
    rollout.state, rollout.why = to, ""
    record(session, RolloutChanged(rollout=rollout.id, to=to), actor=actor)
    tell(session, "rollouts")


def sweep_with(blobs: Blobs) -> Sweep:
    """What carries the roll-outs on as time passes."""

    def sweep(session: Session, now: datetime) -> None:
        for rollout in session.scalars(select(Rollout).where(Rollout.state == "running")):
            step(session, blobs, rollout, now)

    return sweep


def step(session: Session, blobs: Blobs, rollout: Rollout, now: datetime) -> None:
    """See what became of those that were sent; pause at the first failure, else send on, wave after wave."""
    sent = _boxes(session, rollout, "sent")
    heard = _heard(session, rollout)
    for box in sent:
        _outcome(box, heard.get(box.gateway_id), PATIENCE[rollout.document], now)
    failed = next((box for box in sent if box.state in ("refused", "late")), None)
    if any(box.state != "sent" for box in sent):
        tell(session, "rollouts")
    if failed is not None:
        rollout.state, rollout.why = "paused", ": ".join(filter(None, (failed.gateway.name, failed.why)))
        record(session, RolloutChanged(rollout=rollout.id, to="paused"))
        return
    under_way = [box.wave for box in sent if box.state == "sent"]
    waiting = _boxes(session, rollout, "waiting", AT_ONCE)
    if not waiting and not under_way:
        rollout.state = "done"
        record(session, RolloutChanged(rollout=rollout.id, to="done"))
        tell(session, "rollouts")
    if waiting:
        wave = min(under_way, default=waiting[0].wave)
        for box in (box for box in waiting if box.wave == wave):
            _send(session, blobs, rollout, box, now)


def _boxes(session: Session, rollout: Rollout, state: str, limit: int | None = None) -> Sequence[RolloutBox]:
    found = select(RolloutBox).where(RolloutBox.rollout_id == rollout.id, RolloutBox.state == state)
    return session.scalars(found.order_by(RolloutBox.id).limit(limit)).all()


def _send(session: Session, blobs: Blobs, rollout: Rollout, box: RolloutBox, now: datetime) -> None:
    try:
        before = documents.current(session, box.gateway, rollout.document)
        document = _published(session, blobs, rollout, box.gateway, now)
    except Refused as refused:  # it has changed since the roll-out was made
        box.state, box.why = "skipped", str(refused)
        return
    same = before is not None and before.version == document.version and document.state == "kept"
    box.version, box.sent_at, box.state = document.version, now, "kept" if same else "sent"
    tell(session, "rollouts")


def _published(session: Session, blobs: Blobs, rollout: Rollout, gateway: Gateway, now: datetime) -> DesiredDocument:
    if rollout.sha256 is not None:
        return documents.desire(session, gateway, rollout.document, rollout.sha256, now, actor=rollout.by)
    text = _changed(session, blobs, gateway, configuration.values(rollout.patch))
    return configuration.publish(session, blobs, gateway, text, now, actor=rollout.by)


def _heard(session: Session, rollout: Rollout) -> Mapping[int, tuple[str, str]]:
    """What those it was sent to said of the document by now: gateway's row -> kept or refused, and why."""
    said = select(DesiredDocument.gateway_id, DesiredDocument.state, DesiredDocument.why).join(
        RolloutBox,
        and_(RolloutBox.gateway_id == DesiredDocument.gateway_id, RolloutBox.version == DesiredDocument.version),
    )
    found = said.where(
        RolloutBox.rollout_id == rollout.id,
        RolloutBox.state == "sent",
        DesiredDocument.name == rollout.document,
        DesiredDocument.state.in_(("kept", "refused")),
    )
    return {gateway: (state, why) for gateway, state, why in session.execute(found)}


def _outcome(box: RolloutBox, heard: tuple[str, str] | None, patience: timedelta, now: datetime) -> None:
    if heard is not None:
        box.state, box.why = heard
    elif box.sent_at is not None and now - box.sent_at > patience:
        box.state, box.why = "late", ""


def _changed(session: Session, blobs: Blobs, gateway: Gateway, change: Mapping[str, Any]) -> str:
    """The gateway's configuration with the change laid over it. Raises Refused naming gateway, line and setting."""
    before = configuration.text_of(session, blobs, gateway)
    content = configuration.merged(configuration.values(before), change)
    text = rewritten(before, content)
    problems = configuration.check(text, catalogue_of(blobs, gateway))
    if problems:
        raise Refused(
            "网关 {gateway} 的 {where}：{said}", code="bad_config", status=422,
            gateway=gateway.name, where=problems[0].where, said=problems[0].said,
        )  # fmt: skip
    return text


def _wave(number: int, of: int) -> int:
    return next(wave for wave, percent in enumerate(WAVES_PERCENT) if number < max(1, ceil(of * percent / 100)))
