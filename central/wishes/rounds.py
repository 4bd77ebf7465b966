"""Rounds: the same asked of many boxes or devices at once, each by a wish of its own; who cannot be asked is named."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.fleet.service import find, gateway_of
from central.fleet.tables import Gateway
from central.ledger.tables import LedgerLine
from central.web.refused import Refused, Said
from central.wishes import service
from central.wishes.tables import CareRound, WishRow
from devices.box import GATEWAY, RestartDevice, SendDiagnostics
from devices.messages import Wish

Do = Literal["test", "diagnostics"]
MOST = 500
"""Wishes a round may have."""


@dataclass(frozen=True)
class Outcome:
    """What became of one box or device of a round."""

    gateway: str
    device: str
    """Empty for the box itself."""
    state: str
    """As pages name it."""
    said: Said
    wish: WishRow | None = None
    """None if it was not even asked."""


def begin(session: Session, do: Do, picked: Sequence[str], now: datetime, *, actor: str) -> CareRound:
    """Ask all that is picked (`gateway` or `gateway/device`); a box picked for a test stands for its devices.

    Raises Refused (422): nothing picked, or too much.
    """
    targets = _targets(session, do, picked)
    if not targets:
        raise Refused("还没有挑选网关或设备。", code="nobody", status=422)
    if len(targets) > MOST:
        raise Refused("一次最多请求 {most} 个，现在挑选了 {n} 个。请用筛选缩小范围。", code="too_many", status=422,
                      most=MOST, n=len(targets))  # fmt: skip
    made = CareRound(do=do, by=actor, at=now, refused=[])
    session.add(made)
    session.flush()
    for gateway, device in targets:
        try:
            service.ask(session, gateway, GATEWAY, wish_of(session, do, gateway, device), actor, made.reason, now)
        except Refused as refused:
            made.refused = [*made.refused, [gateway, device, refused.said.packed()]]
    return made


def wish_of(session: Session, do: Do, gateway: str, device: str) -> Wish:
    """What is to be asked of a box. Raises Refused: it is not known or not there, or has no such device."""
    found = reachable(session, gateway)
    if do == "diagnostics":
        return SendDiagnostics()
    if not device:
        raise Refused("网关“{name}”没有接着设备。", code="no_devices", name=gateway)
    if device not in {each.name for each in found.devices_now}:
        raise Refused("网关 {gateway} 上没有名为“{device}”的设备。", code="no_such_device", status=404,
                      gateway=gateway, device=device)  # fmt: skip
    return RestartDevice(device=device)


def reachable(session: Session, name: str) -> Gateway:
    """The gateway of that name. Raises Refused: there is none (404), or it is not there."""
    found = gateway_of(session, name)
    if not found.is_there:
        raise Refused("网关“{name}”不在线，请求送不到。", code="not_there", name=name)
    return found


def one(session: Session, number: int) -> CareRound:
    """The round of that number. Raises Refused (404)."""
    found = session.get(CareRound, number)
    if found is None:
        raise Refused("没有第 {n} 号请求。", code="no_such_round", status=404, n=number)
    return found


def outcomes(session: Session, round_: CareRound) -> Sequence[Outcome]:
    """What became of each: first what was not asked or failed, then what is under way, then what is well."""
    asked = select(WishRow).where(WishRow.asked_at == round_.at, WishRow.reason == round_.reason)
    rows = session.scalars(asked).all()
    told = answers(session, rows)
    found = [Outcome(gateway, device, "wish:refused", Said.unpacked(why)) for gateway, device, why in round_.refused]
    found += [_outcome(row, told.get(row.jti, {})) for row in rows]
    return sorted(found, key=lambda each: (_ORDER.get(each.state, 1), each.gateway, each.device))


_ORDER: Mapping[str, int] = {
    "wish:refused": 0,
    "wish:expired": 0,
    "wish:interrupted": 0,
    "test:failed": 0,
    "test:passed": 2,
    "wish:answered": 2,
}


def answers(session: Session, rows: Sequence[WishRow]) -> Mapping[str, Mapping[str, Any]]:
    """What the lines say that answered these wishes, by wish."""
    ended = {row.ended_line: row.jti for row in rows if row.state == "answered" and row.ended_line is not None}
    lines = session.execute(select(LedgerLine.id, LedgerLine.raw).where(LedgerLine.id.in_(ended)))
    return {ended[line]: json.loads(raw)["body"] for line, raw in lines}


def _outcome(row: WishRow, told: Mapping[str, Any]) -> Outcome:
    device = row.body.get("device", "")
    if isinstance(row.wish, RestartDevice) and row.state == "answered":
        well = bool(told.get("ok"))
        said = Said("重启后已恢复，并报告了状态。") if well else Said("重启后没有在规定时间内恢复，请到现场查看。")
        return Outcome(row.gateway, device, "test:passed" if well else "test:failed", said, row)
    return Outcome(row.gateway, device, f"wish:{row.state}", service.outcome(row), row)


def _targets(session: Session, do: Do, picked: Sequence[str]) -> Sequence[tuple[str, str]]:
    targets: dict[tuple[str, str], None] = {}
    for each in picked:
        name, _, device = each.partition("/")
        if do == "diagnostics":
            targets[name, ""] = None
        elif device:
            targets[name, device] = None
        else:
            gateway = find(session, name)
            devices = [each.name for each in gateway.devices_now] if gateway and gateway.is_there else []
            targets |= dict.fromkeys((name, device) for device in devices or [""])
    return list(targets)
