"""Rules of alarms and whom to call, as somebody wrote them: read, or refused with what to write instead."""

import math
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from central.alarms import SEVERITY
from central.fleet import notify, rules
from central.fleet.alarm_tables import AlarmRule, Contact, Notice
from central.fleet.facts import AlarmRuleWritten, ContactWritten
from central.fleet.messages import Messages
from central.ledger.own import record
from central.people.roles import ROLE_NAMES
from central.store import Store, row_in
from central.web.refused import Refused
from central.web.states import RULE_NAMES
from central.web.words import LANGUAGES, SOURCE, words_of
from devices.health import Heartbeat

FIGURES = sorted({*Heartbeat.model_fields, "clock_off_s"} - {"at"})
"""What a rule of a threshold or of growth can judge."""
_MONTH_S, _WEEK_MIN, _DAY_MIN = 31 * 86400, 7 * 1440, 1440
_LONGEST_TIME = 20
"""Characters: more digits are no time, and very many no number either."""

Told = Mapping[str, str]
"""Fields of a form."""


def write_rule(session: Session, told: Told, now: datetime, *, actor: str) -> None:
    """Change the rule of that `id`, or make another; what is no rule's any more is no alarm. Raises Refused (422)."""
    number = row_in(told.get("id", ""))
    rule = AlarmRule(name="", kind="threshold") if number is None else session.get(AlarmRule, number)
    if rule is None or told.get("kind") not in rules.KINDS or told.get("severity") not in SEVERITY:
        raise Refused("规则的种类或轻重不对。", code="bad_rule", status=422)
    before = (rule.kind, rule.figure, rule.tag, rule.enabled)
    rule.name, rule.kind = _name(rule.name, told.get("name", "").strip()[:80]) or told["kind"], told["kind"]
    rule.figure, rule.severity, rule.tag = told.get("figure", "").strip(), told["severity"], told.get("tag", "")[:40]
    if rule.kind in ("threshold", "rate") and rule.figure not in FIGURES:
        raise Refused("没有“{figure}”这个数据项，可以写：{known}", code="bad_figure", status=422,
                      figure=rule.figure[:32], known=", ".join(FIGURES))  # fmt: skip
    rule.figure = rule.figure[:32]
    rule.limit, rule.clear_at = _number(told, "limit"), _number(told, "clear_at")
    rule.for_s, rule.above = _whole(told, "for_s", _MONTH_S), told.get("above", "1") == "1"
    rule.quiet_from, rule.quiet_to = _minutes(told, "quiet_from"), _minutes(told, "quiet_to")
    if (rule.quiet_from is None) is not (rule.quiet_to is None):
        raise Refused("静默要写明开始和结束两个时间，或都不写。", code="half_quiet", status=422)
    rule.enabled = told.get("enabled") == "1"
    if (rule.clear_at > rule.limit) if rule.above else (rule.clear_at < rule.limit):
        raise Refused("解除值要在界限以内，否则告警会反复跳动。", code="bad_rule", status=422)
    session.add(rule)
    session.flush()
    if (rule.kind, rule.figure, rule.tag, rule.enabled) != before:
        rules.forget(session, rule, now)
    written = AlarmRuleWritten(rule=rule.id, kind=rule.kind, figure=rule.figure, limit=rule.limit, enabled=rule.enabled)
    record(session, written, actor=actor)


def write_contact(session: Session, told: Told, *, actor: str) -> Contact:
    """Change whom to call, or add somebody; an address that is not written again stays. Raises Refused (404, 422)."""
    number = row_in(told.get("id", ""))
    contact = Contact(url="") if number is None else one(session, number)
    contact.name, contact.role = told.get("name", "").strip()[:80], told.get("role", "it")
    contact.least, contact.language = told.get("least", "warning"), told.get("language", SOURCE)
    contact.after_min = _whole(told, "after_min", _WEEK_MIN)
    contact.days = told.get("days", "").strip() or "1234567"
    contact.begins = _minutes(told, "begins") or 0
    contact.ends = _DAY_MIN if (ends := _minutes(told, "ends")) is None else ends
    known = contact.least in SEVERITY and contact.role in ROLE_NAMES and contact.language in LANGUAGES
    if not contact.name or not known:
        raise Refused("请写明称呼、角色和轻重。", code="bad_contact", status=422)
    address = told.get("url", "").strip()
    if (address or not contact.url) and not notify.is_address(address):
        raise Refused("Apprise 不认识这个地址，发不出去。请核对写法，例如 mailto://… 或 wecombot://…。",
                      code="bad_contact", status=422)  # fmt: skip
    if not set(contact.days) <= set("1234567") or len(contact.days) > len("1234567"):
        raise Refused("星期请写 1 到 7 的数字，1 是周一，例如 12345。", code="bad_days", status=422)
    if contact.begins == contact.ends:
        raise Refused("班次的开始和结束相同，这样谁也通知不到。整天请写 00:00 到 24:00。", code="no_shift", status=422)
    contact.url = address or contact.url
    session.add(contact)
    session.flush()
    if address:  # what the old one did not take is sent to this one
        failed = Notice.contact_id == contact.id, Notice.state == "failed"
        session.execute(update(Notice).where(*failed).values(tries=0))
    record(session, ContactWritten(contact=contact.id, to="added" if number is None else "changed"), actor=actor)
    return contact


def remove_contact(session: Session, number: int, *, actor: str) -> None:
    """Call somebody no longer; who is called no longer already stays so."""
    found = session.get(Contact, number)
    if found is not None:
        for notice in session.scalars(select(Notice).where(Notice.contact_id == number)):
            session.delete(notice)
        session.delete(found)
        record(session, ContactWritten(contact=number, to="removed"), actor=actor)


def tried(store: Store, number: int, messages: Messages, send: notify.Send) -> tuple[str, bool]:
    """Who was sent a trial, and whether the provider took it, which may be seconds later. Raises Refused (404)."""
    with store.read() as session:
        found = one(session, number)
        name, url, message = found.name, found.url, messages.trial(found.language)
    return name, send(url, *message)  # outside any transaction


def one(session: Session, number: int) -> Contact:
    """Whom to call, by number. Raises Refused (404)."""
    found = session.get(Contact, number)
    if found is None:
        raise Refused("这位已经去掉了，不再通知。", code="no_such_contact", status=404)
    return found


def _name(before: str, written: str) -> str:
    """What was shown in a reader's language, and not changed, stays what it is in every other."""
    shown = {words_of(language).say(before) for language in LANGUAGES} if before in RULE_NAMES else {before}
    return before if written in shown else written


def _number(told: Told, name: str) -> float:
    try:
        number = float(told.get(name) or 0)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Refused("“{value}”不是数字。", code="bad_number", status=422, value=told[name])
    return number


def _whole(told: Told, name: str, most: int) -> int:
    number = _number(told, name)
    if not 0 <= number <= most:
        raise Refused("“{value}”不行，请写 0 到 {most} 之间的数。", code="bad_number", status=422,
                      value=told[name], most=str(most))  # fmt: skip
    return int(number)


def _minutes(told: Told, name: str) -> int | None:
    """Minute of the day of HH:MM; None if nothing is written."""
    text = told.get(name, "").strip()
    if not text:
        return None
    hours, _, minutes = text.replace("：", ":").partition(":")
    if not (
        len(text) <= _LONGEST_TIME
        and hours.isdecimal()
        and minutes.isdecimal()
        and int(minutes) < 60
        and int(hours) * 60 + int(minutes) <= _DAY_MIN
    ):
        raise Refused("“{value}”不是时间，请写成 08:30。", code="bad_time", status=422, value=text)
    return int(hours) * 60 + int(minutes)
