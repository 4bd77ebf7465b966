"""Taking over people, cases, volumes, cabinets and cells from CSV files, all of a file or nothing.

A preview does the same and then takes it back, so that it cannot say anything but what would happen. Files come
from spreadsheets: UTF-8 or GB18030, headings in Chinese or English.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from sqlalchemy.orm import Session

from central.cases import service as cases
from central.cli.plain import Fault, in_words
from central.custody.cabinets import set_cabinet, set_cell
from central.custody.cells import cabinets, find_cabinet
from central.people.service import SYSTEM, add_person, person_by_login
from central.running import Court
from central.web.refused import Refused

Row = Mapping[str, str]
Sort = Literal["new", "changed", "same", "wrong"]


@dataclass(frozen=True)
class Outcome:
    """What becomes, or would become, of one row."""

    line: int
    sort: Sort
    words: str


@dataclass(frozen=True)
class Table:
    """The columns of a kind of file, needed and possible, and what takes one row in."""

    needed: Mapping[str, str]
    """English heading -> Chinese heading."""
    possible: Mapping[str, str]
    take: Callable[[Court, Session, Row], tuple[Sort, str]]


class _TakenBack(Exception):
    """Ends a preview's transaction."""


def take(court: Court, kind: str, rows: Sequence[tuple[int, Row]], *, apply: bool) -> list[Outcome]:
    """Take the rows over if `apply` is set and none is wrong; gives what becomes of each."""
    table = TABLES[kind]
    outcomes: list[Outcome] = []
    with suppress(_TakenBack), court.store.write() as session:
        outcomes.extend(_row(court, session, table, line, row) for line, row in rows)
        if not apply or any(outcome.sort == "wrong" for outcome in outcomes):
            raise _TakenBack
    return outcomes


def read_rows(file: Path, kind: str) -> list[tuple[int, Row]]:
    """The rows of a file by English heading, each with its line number. Raises Fault: headings missing or unknown."""
    table = TABLES[kind]
    names = {**table.needed, **table.possible}
    english = {chinese: name for name, chinese in names.items()} | {name: name for name in names}
    reader = csv.reader(io.StringIO(_text(file), newline=""))
    headings = [heading.strip() for heading in next(reader, [])]
    unknown = [heading for heading in headings if heading not in english]
    missing = [f"{name} ({chinese})" for name, chinese in table.needed.items() if not {name, chinese} & set(headings)]
    if unknown or missing:
        wanted = ", ".join(f"{name} ({chinese})" for name, chinese in names.items())
        wrong = f"unknown: {', '.join(unknown)}" if unknown else f"missing: {', '.join(missing)}"
        raise Fault(f"{file}: headings of {kind} are {wanted}; {wrong}")
    columns = [english[heading] for heading in headings]
    return [
        (reader.line_num, {name: cell.strip() for name, cell in zip(columns, cells, strict=False)})
        for cells in reader
        if any(cell.strip() for cell in cells)
    ]


def _row(court: Court, session: Session, table: Table, line: int, row: Row) -> Outcome:
    lacking = [name for name in table.needed if not row.get(name)]
    if lacking:
        return Outcome(line, "wrong", f"{', '.join(lacking)} is empty")
    try:
        with session.begin_nested():
            sort, words = table.take(court, session, row)
    except Refused as refused:
        return Outcome(line, "wrong", in_words(refused.said))
    except ValueError as error:
        return Outcome(line, "wrong", str(error))
    return Outcome(line, sort, words)


def _person(court: Court, session: Session, row: Row) -> tuple[Sort, str]:
    login, roles = row["login"].lower(), row["roles"].replace(";", " ").replace("；", " ").split()
    known = person_by_login(session, login)
    if known is not None:
        if (known.name, sorted(known.roles)) == (row["name"], sorted(roles)):
            return "same", login
        raise ValueError(f"{login} is here already with another name or other roles; change that on their page")
    language = row.get("language") or "zh"
    add_person(session, SYSTEM, login, row["name"], roles, row.get("password", ""), court.clock(), language)
    return "new", f"{login}, {', '.join(roles)}" + ("" if row.get("password") else "; no password yet: user reset")


def _case(court: Court, session: Session, row: Row) -> tuple[Sort, str]:
    number = row["number"]
    parties = [_party(text) for text in row.get("parties", "").replace("；", ";").split(";") if text.strip()]
    judge = person_by_login(session, row["judge"]) if row.get("judge") else None
    if row.get("judge") and judge is None:
        raise ValueError(f"nobody signs in as {row['judge']}")
    known = cases.case_by_number(session, number)
    if known is not None:
        if known.cause == row["cause"] and sorted((p.part, p.name) for p in known.parties) == sorted(parties):
            return "same", known.number
        raise ValueError(f"{known.number} is here already with another cause or other parties")
    received = date.fromisoformat(row["received"]) if row.get("received") else None
    made = cases.register_case(
        session, SYSTEM, number, row["cause"], parties, court.clock(),
        received_on=received, judge_id=judge.id if judge else None,
    )  # fmt: skip
    return "new", made.number


def _volume(court: Court, session: Session, row: Row) -> tuple[Sort, str]:
    case = cases.case_by_number(session, row["case"])
    if case is None:
        raise ValueError(f"no case {row['case']}")
    secret = row.get("secret", "").lower() in ("1", "yes", "true", "是", "副卷")
    size, barcode = row.get("size") or "M", row.get("barcode") or None
    number = int(row["number"])
    known = next((volume for volume in case.volumes if (volume.number, volume.secret) == (number, secret)), None)
    if known is None:
        cases.register_volume(
            session, SYSTEM, case, court.clock(), number=number, size=size, secret=secret, barcode=barcode
        )
        return "new", f"{case.number} {number}"
    if (known.size, known.barcode) == (size, barcode):
        return "same", f"{case.number} {number}"
    if known.size == size and known.barcode is None and barcode is not None:
        cases.set_barcode(session, SYSTEM, known, barcode)
        return "changed", f"{case.number} {number}: {barcode}"
    raise ValueError(f"{case.number} {number} is here already with another size or barcode")


def _cabinet(_court: Court, session: Session, row: Row) -> tuple[Sort, str]:
    before = row["name"] in {cabinet.name for cabinet in cabinets(session)}
    cabinet, changed = set_cabinet(
        session, SYSTEM, row["name"], place=row.get("place", ""), gateway=row["gateway"],
        reader=row.get("reader"), printer=row.get("printer"),
    )  # fmt: skip
    return _sort(before, changed), cabinet.name


def _cell(_court: Court, session: Session, row: Row) -> tuple[Sort, str]:
    cabinet, number = find_cabinet(session, row["cabinet"]), int(row["number"])
    before = number in {cell.number for cell in cabinet.cells}
    cell, changed = set_cell(
        session, SYSTEM, cabinet, number, size=row["size"], device=row["device"], door=int(row.get("door") or number)
    )
    return _sort(before, changed), cell.label


def _sort(before: bool, changed: bool) -> Sort:
    if not before:
        return "new"
    return "changed" if changed else "same"


def _party(text: str) -> tuple[str, str]:
    part, _, name = text.strip().replace("：", ":").partition(":")
    if not name:
        raise ValueError(f"{text.strip()!r}: write parties as 原告:姓名;被告:姓名")
    return part.strip(), name.strip()


def _text(file: Path) -> str:
    raw = file.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    raise Fault(f"{file}: neither UTF-8 nor GB18030")


TABLES: Mapping[str, Table] = {
    "people": Table(
        {"login": "登录名", "name": "姓名", "roles": "角色"}, {"language": "语言", "password": "密码"}, _person
    ),
    "cases": Table(
        {"number": "案号", "cause": "案由"}, {"parties": "当事人", "judge": "承办法官", "received": "收案日期"}, _case
    ),
    "volumes": Table(
        {"case": "案号", "number": "册号"}, {"size": "尺寸", "secret": "副卷", "barcode": "条码"}, _volume
    ),
    "cabinets": Table(
        {"name": "柜名", "gateway": "网关"}, {"place": "位置", "reader": "读码器", "printer": "打印机"}, _cabinet
    ),
    "cells": Table({"cabinet": "柜名", "number": "格口", "size": "尺寸", "device": "锁板"}, {"door": "锁号"}, _cell),
}
"""What each kind of file holds."""
