"""Cases, parties and volumes: registering, finding, and carrying a case along its spine."""

import calendar
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from central.cases import closing, flow
from central.cases.facts import CaseChanged, CaseRegistered, CaseStepped, VolumeLabelled, VolumeRegistered
from central.cases.numbers import read_number, type_of
from central.cases.tables import Case, Party, Volume
from central.ledger.own import record
from central.people.roles import Actor, must
from central.rules.service import term_of
from central.store import newest, tell
from central.web.refused import Refused, Said

TYPES: Mapping[str, str] = {
    "civil": "民事",
    "criminal": "刑事",
    "administrative": "行政",
    "enforcement": "执行",
    "other": "其他",
}
"""Kinds of case and what they are called."""
SIZES = ("S", "M", "L")
"""Sizes of volumes and cells, smallest first."""
_BY_BARCODE = select(Volume).where(Volume.barcode == bindparam("barcode")).options(joinedload(Volume.case))
_LONGEST_QUERY = 200
"""Characters that are looked for: more than anything found by them has."""
_VOLUME_REF = re.compile(r"volume:(\d{1,18})")
_BARCODE = re.compile(r"^[A-Za-z0-9._+-]{3,40}$")


def register_case(  # noqa: PLR0913  (the fields of a case)
    session: Session,
    person: Actor,
    number: str,
    cause: str,
    parties: Sequence[tuple[str, str]],
    now: datetime,
    *,
    type_: str | None = None,
    received_on: date | None = None,
    judge_id: int | None = None,
) -> Case:
    """A new case with its parties as (part, name); raises Refused (number bad or taken)."""
    must(person, "case.write")
    number = read_number(number)
    if case_by_number(session, number) is not None:
        raise Refused("案号“{number}”已登记。", code="case_exists", number=number)
    case = Case(
        number=number,
        type=checked_type(type_ or type_of(number)),
        cause=checked_text(cause, "案由"),
        received_on=received_on or now.date(),
        judge_id=judge_id,
        created_at=now,
        state="RECEIVED",
        parties=[_party(part, name) for part, name in parties],
        volumes=[],
    )
    session.add(case)
    session.flush()
    record(session, CaseRegistered(case=case_ref(case)), actor=person.ref)
    tell(session, "cases")
    return case


def correct_case(  # noqa: PLR0913  (the fields of a case)
    session: Session,
    person: Actor,
    case: Case,
    *,
    cause: str,
    received_on: date,
    names: Mapping[int, str],
    parties: Sequence[tuple[str, str]] = (),
) -> None:
    """Put right what was registered: parties (row -> name) keep their row, others are added. Raises Refused."""
    must(person, "case.write")
    named = [checked_text(names.get(party.id, party.name), "当事人") for party in case.parties]
    fields = ["parties"] if parties or named != [party.name for party in case.parties] else []
    for party, name in zip(case.parties, named, strict=True):
        party.name = name
    case.parties.extend(_party(part, name) for part, name in parties)
    for field, value in {"cause": checked_text(cause, "案由"), "received_on": received_on}.items():
        if getattr(case, field) != value:
            setattr(case, field, value)
            fields.append(field)
    if fields:
        session.flush()
        record(session, CaseChanged(case=case_ref(case), fields=fields), actor=person.ref)
        tell(session, "cases", case_topic(case.id))


def register_volume(  # noqa: PLR0913  (the fields of a volume)
    session: Session,
    person: Actor,
    case: Case,
    now: datetime,
    *,
    number: int | None = None,
    size: str = "M",
    secret: bool = False,
    barcode: str | None = None,
) -> Volume:
    """A volume of a case, the next free number by default; raises Refused (number or barcode taken, bad size)."""
    must(person, "case.write")
    taken = {volume.number for volume in case.volumes if volume.secret == secret}
    number = number or max(taken, default=0) + 1
    if number in taken:
        raise Refused("本案已有第 {number} 册。", code="volume_exists", number=number)
    volume = Volume(case=case, number=number, secret=secret, size=checked_size(size), created_at=now, barcode=None)
    session.add(volume)
    session.flush()
    record(session, VolumeRegistered(case=case_ref(case), volume=volume.ref, secret=secret), actor=person.ref)
    if barcode is not None:
        set_barcode(session, person, volume, barcode)
    tell(session, case_topic(case.id))
    return volume


def set_barcode(session: Session, person: Actor, volume: Volume, barcode: str) -> None:
    """Put a barcode on a volume; raises Refused when it is taken or cannot be a barcode."""
    barcode = checked_barcode(barcode)
    other = volume_by_barcode(session, barcode)
    if other is not None and other.id != volume.id:
        raise Refused("条码 {barcode} 已用于另一册卷宗。", code="barcode_taken", barcode=barcode)
    volume.barcode = barcode
    session.flush()
    record(session, VolumeLabelled(volume=volume.ref), actor=person.ref)
    tell(session, volume_topic(volume.id))


def advance(
    session: Session, person: Actor, case: Case, to: str, now: datetime, open_items: Sequence[Said] = ()
) -> Case:
    """Carry the case one step on; `open_items` (of custody and others) stand against closing. Raises Refused."""
    must(person, "case.step")
    step = next((step for step in flow.steps_from(case.state) if step.to == to), None)
    if step is None:
        names = Said(flow.STATE_NAMES[case.state]), Said(flow.STATE_NAMES[to]) if to in flow.STATE_NAMES else to
        raise Refused("案件现为“{state}”，不能转为“{to}”。", code="no_such_step", state=names[0], to=names[1])
    against = flow.against(step, [*open_items, *closing.open_items(session, case)])
    if against:
        raise Refused("还有未完事项，不能结案：{first}", code="open_items", first=against[0])
    record(session, CaseStepped(case=case_ref(case), from_state=case.state, to_state=to), actor=person.ref)
    case.state = to
    if to == "CLOSED":
        case.closed_on = now.date()
        closing.closed(session, person, case, now)
    tell(session, "cases", case_topic(case.id))
    return case


def archive_by(session: Session, case: Case) -> date | None:
    """The last day on which a closed case is to be archived; None for one that is not closed, or not now."""
    if case.state != "CLOSED" or case.closed_on is None:
        return None
    months = case.closed_on.month - 1 + term_of(session, flow.ARCHIVED_IN)
    year, month = case.closed_on.year + months // 12, months % 12 + 1
    return date(year, month, min(case.closed_on.day, calendar.monthrange(year, month)[1]))


def search(session: Session, query: str, limit: int = 50, after: int | None = None) -> Sequence[Case]:
    """Cases by number, cause, barcode or party, newest first; all for an empty query. `after`: last id of the page."""
    found = select(Case).options(selectinload(Case.parties), selectinload(Case.volumes))
    query = query.strip()[:_LONGEST_QUERY]
    if query:
        like = f"%{_escaped(query.replace('(', '（').replace(')', '）'))}%"
        found = found.where(
            or_(
                Case.number.like(like, escape="\\"),
                Case.cause.like(like, escape="\\"),
                Case.id.in_(select(Party.case_id).where(Party.name.like(like, escape="\\"))),
                Case.id.in_(select(Volume.case_id).where(Volume.barcode == query)),
            )
        )
    return session.scalars(newest(found, Case.id, limit, after)).all()


def find_case(session: Session, case: int) -> Case:
    """The case of that number in the register; raises Refused (404)."""
    found = session.get(Case, case)
    if found is None:
        raise Refused("没有这个案件。", code="no_such_case", status=404)
    return found


def case_by_number(session: Session, number: str) -> Case | None:
    """The case of that 案号, None if there is none."""
    return session.scalars(select(Case).where(Case.number == number)).one_or_none()


def find_volume(session: Session, volume: int | str) -> Volume:
    """The volume by its row, its barcode or its reference (`volume:7`); raises Refused (404)."""
    named = row_or_barcode(volume)
    found = session.get(Volume, named) if isinstance(named, int) else volume_by_barcode(session, named)
    if found is None:
        raise Refused(
            "条码 {barcode} 不属于任何登记在册的卷宗，什么也没有改动。请核对条码；新卷宗请先在卷宗页登记条码。",
            code="unknown_barcode",
            status=404,
            barcode=volume,
        )
    return found


def row_or_barcode(volume: int | str) -> int | str:
    """By what a volume is to be looked for: its row, also where its reference is given, or its barcode."""
    ref = _VOLUME_REF.fullmatch(volume) if isinstance(volume, str) else None
    return int(ref[1]) if ref else volume


def volume_by_barcode(session: Session, barcode: str) -> Volume | None:
    """The volume that bears this barcode, None if none does."""
    if "\0" in barcode:
        return None  # PostgreSQL would not even look for it
    return session.scalars(_BY_BARCODE, {"barcode": barcode.strip()}).one_or_none()


def volume_name(volume: Volume) -> str:
    """How a volume is called on pages and receipts."""
    return f"{volume.case.number} {'副卷' if volume.secret else '正卷'}第{volume.number}册"


def case_ref(case: Case) -> str:
    """How lines name a case."""
    return f"case:{case.id}"


def case_topic(case: int) -> str:
    """The live topic of a case."""
    return f"case:{case}"


def volume_topic(volume: int) -> str:
    """The live topic of a volume."""
    return f"volume:{volume}"


def checked_text(text: str, what: str) -> str:
    """The text trimmed; raises Refused when it is empty or over 120 characters."""
    text = text.strip()
    if not text or len(text) > 120:
        raise Refused("“{what}”不能为空，最多 120 个字。", code="bad_field", status=422, what=Said(what))
    return text


def checked_size(size: str) -> str:
    """S, M or L; raises Refused."""
    size = size.strip().upper()
    if size not in SIZES:
        raise Refused("尺寸“{size}”不对，应为 S、M 或 L。", code="bad_size", status=422, size=size)
    return size


def checked_type(type_: str) -> str:
    """A key of TYPES, from the key or its Chinese name; raises Refused."""
    key = next((key for key, name in TYPES.items() if type_.strip() in (key, name)), None)
    if key is None:
        raise Refused("没有“{type}”这类案件。", code="bad_type", status=422, type=type_)
    return key


def checked_barcode(barcode: str) -> str:
    """The barcode trimmed; raises Refused for signs a reader could garble."""
    barcode = barcode.strip()
    if not _BARCODE.match(barcode):
        text = "条码“{barcode}”不对：应为 3 到 40 个字母、数字或 . _ + -。"
        raise Refused(text, code="bad_barcode", status=422, barcode=barcode)
    return barcode


def _party(part: str, name: str) -> Party:
    part, most = part.strip(), 20
    if not 0 < len(part) <= most:
        text = "“{part}”应是诉讼地位，例如“原告”“代理人”，最多 {most} 个字。"
        raise Refused(text, code="bad_part", status=422, part=part, most=most)
    return Party(part=part, name=checked_text(name, "当事人"))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
