"""Rows of cases, and rows of their volumes."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from central.cases import service as cases
from central.cases.facts import CaseChanged, VolumeChanged
from central.cases.numbers import read_number
from central.cases.tables import Case, Party
from central.importing.reading import Column, Row, Sort, Table, whole_number
from central.ledger.own import record
from central.people.roles import Actor
from central.people.service import person_by_login
from central.web.refused import Refused

_DATE_PARTS = re.compile(r"[-/.]")
_YES = frozenset({"是", "副卷", "y", "yes", "1", "true"})
_NO = frozenset({"否", "正卷", "n", "no", "0", "false"})


def _take_case(session: Session, person: Actor, row: Row, now: datetime) -> Sort:
    number, cause = row.read("number", read_number), row.text("cause")
    parties = row.read("parties", _parties)
    received = row.read("received", _date) if row.text("received") else None
    judge = row.read("judge", lambda login: _judge(session, login)) if row.text("judge") else None
    case = cases.case_by_number(session, number)
    if case is not None:
        return _change(session, person, case, cause, parties, judge)
    cases.register_case(session, person, number, cause, parties, now, received_on=received, judge_id=judge)
    return "new"


def _change(
    session: Session, person: Actor, case: Case, cause: str, parties: Sequence[tuple[str, str]], judge: int | None
) -> Sort:
    known = {(party.part, party.name) for party in case.parties}
    fresh = [Party(part=part, name=name) for part, name in parties if (part, name) not in known]
    fields = ["parties"] if fresh else []
    if cause != case.cause:
        case.cause = cases.checked_text(cause, "案由")
        fields.append("cause")
    if judge not in (None, case.judge_id):
        case.judge_id = judge
        fields.append("judge")
    if not fields:
        return "same"
    case.parties.extend(fresh)
    session.flush()
    record(session, CaseChanged(case=cases.case_ref(case), fields=fields), actor=person.ref)
    return "changed"


def _take_volume(session: Session, person: Actor, row: Row, now: datetime) -> Sort:
    case = row.read("case", lambda number: _case(session, number))
    number, size = row.read("number", whole_number), row.read("size", cases.checked_size)
    secret = row.read("secret", _yes_or_no)
    barcode = row.read("barcode", cases.checked_barcode) if row.text("barcode") else None
    found = next((volume for volume in case.volumes if (volume.number, volume.secret) == (number, secret)), None)
    if found is None:
        cases.register_volume(session, person, case, now, number=number, size=size, secret=secret, barcode=barcode)
        return "new"
    if barcode is not None and found.barcode not in (None, barcode):
        raise Refused("这册卷宗的条码是 {known}，导入不更换条码。", code="barcode_differs", known=found.barcode)
    labels, resized = barcode is not None and found.barcode is None, size != found.size
    if labels:
        cases.set_barcode(session, person, found, barcode or "")
    if resized:
        found.size = size
        record(session, VolumeChanged(volume=found.ref, fields=["size"]), actor=person.ref)
    return "changed" if labels or resized else "same"


def _case(session: Session, number: str) -> Case:
    case = cases.case_by_number(session, read_number(number))
    if case is None:
        raise Refused("案号“{number}”尚未登记，请先导入案件。", code="no_such_case", status=422, number=number)
    return case


def _judge(session: Session, login: str) -> int:
    person = person_by_login(session, login)
    if person is None or "judge" not in person.roles:
        raise Refused("“{login}”不是法官的登录名。", code="no_such_judge", status=422, login=login)
    return person.id


def _parties(text: str) -> list[tuple[str, str]]:
    parties = []
    for given in text.replace("；", ";").replace("：", ":").split(";"):
        part, _, name = (piece.strip() for piece in given.partition(":"))
        if given.strip() and not (part and name):
            words = "当事人“{given}”看不懂，应写成“原告:周某;被告:吴某”。"
            raise Refused(words, code="bad_party", status=422, given=given.strip())
        if given.strip():
            parties.append((part, name))
    return parties


_LAST_SHORT = 999
"""Years up to this are written short, and nobody knows of which century they are."""


def _date(text: str) -> date:
    try:
        year, month, day = (int(part) for part in _DATE_PARTS.split(text))
        return date(year if year > _LAST_SHORT else 0, month, day)  # 5/1/26 is a day of the year 5 to nobody
    except ValueError:
        raise Refused("“{given}”不是日期，应写成 2026-03-09。", code="bad_date", status=422, given=text) from None


def _yes_or_no(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise Refused("副卷一列写“是”或“否”，不能写“{given}”。", code="bad_flag", status=422, given=text)
    return text.lower() in _YES


CASES = Table(
    "case.write",
    (
        Column("案号", "number", needed=True),
        Column("案由", "cause", needed=True),
        Column("当事人", "parties"),
        Column("承办法官", "judge"),
        Column("收案日期", "received"),
    ),
    _take_case,
)
"""Known by number; cause and judge are changed to what the file says, parties are added, never taken away."""

VOLUMES = Table(
    "case.write",
    (
        Column("案号", "case", needed=True),
        Column("册号", "number", needed=True),
        Column("尺寸", "size", otherwise="M"),
        Column("副卷", "secret", otherwise="否"),
        Column("条码", "barcode"),
    ),
    _take_volume,
    named_by=2,
)
"""Known by case, number and whether it is a side volume."""
