"""Taking a table in: a preview that says what is wrong and what would change, then all of it or nothing.

A preview does the work and takes it back, so that it cannot promise what doing it would refuse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from central.importing.cabinets import CABINETS, CELLS
from central.importing.dossiers import CASES, VOLUMES
from central.importing.people import PEOPLE
from central.importing.reading import Problem, Sort, Table, Wrong, read_rows
from central.people.roles import Actor, must
from central.web.refused import Refused, Said
from central.web.words import SOURCE

Kind = Literal["people", "cases", "volumes", "cabinets", "cells"]
"""What can be taken in."""

TABLES: Mapping[str, Table] = {
    "people": PEOPLE,
    "cases": CASES,
    "volumes": VOLUMES,
    "cabinets": CABINETS,
    "cells": CELLS,
}
"""Every kind of file."""


@dataclass(frozen=True)
class Change:
    """What one row does."""

    line: int
    sort: Sort
    what: str
    """The row's own name: a case number and a volume, a login, a cabinet and a cell."""


@dataclass(frozen=True)
class Preview:
    """What a file would do."""

    problems: Sequence[Problem]
    changes: Sequence[Change]

    def count(self, sort: Sort) -> int:
        """Rows of that sort."""
        return sum(change.sort == sort for change in self.changes)


def preview(session: Session, person: Actor, kind: str, text: str, now: datetime) -> Preview:
    """What is wrong and what would change; nothing is kept. Needs a session that may write."""
    trial = session.begin_nested()
    try:
        return _take(session, person, kind, text, now)
    finally:
        trial.rollback()


def apply(session: Session, person: Actor, kind: str, text: str, now: datetime) -> Preview:
    """Take the whole file in; raises Refused, and nothing changes, if anything in it is wrong."""
    done = _take(session, person, kind, text, now)
    if done.problems:
        first = done.problems[0]
        raise Refused(
            "文件有 {n} 处问题，什么也没有导入。第 {line} 行：{first}",
            code="import_problems",
            status=422,
            n=len(done.problems),
            line=first.line,
            first=first.said,
        )
    return done


def table_of(kind: str) -> Table:
    """That kind of file; raises Refused."""
    if kind not in TABLES:
        raise Refused(
            "不能导入“{kind}”，可用：{kinds}。", code="bad_kind", status=422, kind=kind, kinds="、".join(TABLES)
        )
    return TABLES[kind]


def head_of(kind: str, column: str, language: str) -> str:
    """A column of that kind of file, named by its Chinese head, as that language heads it; "" stays ""."""
    return next((one.english for one in table_of(kind).columns if one.head == column and language != SOURCE), column)


def _take(session: Session, person: Actor, kind: str, text: str, now: datetime) -> Preview:
    table = table_of(kind)
    must(person, "import")
    must(person, table.action)
    rows, problems = read_rows(text, table.columns)
    changes: list[Change] = []
    first: dict[str, int] = {}
    for row in rows:
        name = table.name_of(row)
        if first.setdefault(name, row.line) != row.line:
            said = Said("“{name}”在第 {line} 行已经有了，每行应只写一次。", {"name": name, "line": first[name]})
            problems.append(Problem(row.line, "", name, said))
            continue
        try:
            with session.begin_nested():
                sort = table.take(session, person, row, now)
        except Wrong as wrong:
            problems.append(Problem(row.line, wrong.column, wrong.given, wrong.said))
        except Refused as refused:
            problems.append(Problem(row.line, "", "", refused.said))
        else:
            changes.append(Change(row.line, sort, name))
    return Preview(sorted(problems, key=lambda problem: problem.line), changes)
