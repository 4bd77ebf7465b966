"""A CSV file as people make it: UTF-8 or GB18030, with or without BOM, any common separator, two languages of heads."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeVar

from sqlalchemy.orm import Session

from central.people.roles import Actor
from central.web.refused import Refused, Said

T = TypeVar("T")

MAX_ROWS = 50_000
_BEYOND = "这一行比表头多出“{given}”。单元格里有分隔符时，请给整格加上引号。"


Sort = Literal["new", "changed", "same"]
"""What a row does."""


@dataclass(frozen=True)
class Column:
    """One column: its Chinese head, the English one, and whether a row must fill it."""

    head: str
    english: str
    needed: bool = False
    otherwise: str = ""
    """What an empty cell means."""

    @property
    def name(self) -> str:
        """Both its heads, for a file may have either."""
        return f"{self.head} ({self.english})"


@dataclass(frozen=True)
class Problem:
    """What is wrong in one cell, in a sentence that says what to write instead; column "" is the row as a whole."""

    line: int
    column: str
    given: str
    said: Said


class Wrong(Exception):
    """A cell cannot be read."""

    def __init__(self, column: str, given: str, said: Said) -> None:
        super().__init__(said.text)
        self.column = column
        self.given = given
        self.said = said


@dataclass(frozen=True)
class Row:
    """One row by English heads; `line` is its place in the file, the head being line 1."""

    line: int
    cells: Mapping[str, str] = field(default_factory=dict)
    heads: Mapping[str, str] = field(default_factory=dict)

    def text(self, column: str) -> str:
        """What the cell says, trimmed."""
        return self.cells[column]

    def read(self, column: str, parse: Callable[[str], T]) -> T:
        """What the cell means; raises Wrong with the reason `parse` refused it for."""
        given = self.cells[column]
        try:
            return parse(given)
        except Refused as refused:
            raise Wrong(self.heads[column], given, refused.said) from refused


@dataclass(frozen=True)
class Table:
    """One kind of file: the right it needs beside `import`, its columns (the first ones name a row), what it does."""

    action: str
    columns: Sequence[Column]
    take: Callable[[Session, Actor, Row, datetime], Sort]
    """Raises Refused or Wrong; then nothing of the row is kept."""
    named_by: int = 1
    """How many of the first columns name a row."""

    def name_of(self, row: Row) -> str:
        """What a person calls that row."""
        return " ".join(row.text(column.english) for column in self.columns[: self.named_by])


def whole_number(text: str) -> int:
    """A number from 1 to 9999; raises Refused."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and int(text) > 0):
        raise Refused("“{given}”不是编号，应为 1 到 9999 的整数。", code="bad_number", status=422, given=text)
    return int(text)


def decode(data: bytes) -> str:
    """The text of a file; raises Refused if it is neither UTF-8 nor GB18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("文件既不是 UTF-8 也不是 GB18030 编码，请另存为 CSV UTF-8 后重试。", code="bad_encoding", status=422)


def read_rows(text: str, columns: Sequence[Column]) -> tuple[list[Row], list[Problem]]:
    """The rows that can be read and what is wrong with the others; raises Refused if the head cannot be used."""
    text = text.removeprefix("\ufeff")
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text), delimiter=delimiter, strict=False)
    top = next(_each(lines), [])
    places = _places(top, columns)
    heads = {column.english: column.head for column in columns}
    rows: list[Row] = []
    problems: list[Problem] = []
    for given in _each(lines):
        if not any(cell.strip() for cell in given):
            continue
        if len(rows) >= MAX_ROWS:
            raise Refused("一次最多导入 {n} 行，请分成几个文件。", code="too_many_rows", status=422, n=MAX_ROWS)
        cells = {column.english: (_at(given, places.get(column.english)) or column.otherwise) for column in columns}
        empty = [column for column in columns if column.needed and not cells[column.english]]
        problems += [
            Problem(lines.line_num, column.head, "", Said("“{head}”不能为空。", {"head": column.name}))
            for column in empty
        ]
        beyond = next((cell.strip() for cell in given[len(top) :] if cell.strip()), None)
        if beyond is not None:
            problems.append(Problem(lines.line_num, "", beyond, Said(_BEYOND, {"given": beyond})))
        elif not empty:
            rows.append(Row(lines.line_num, cells, heads))
    return rows, problems


def _each(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from lines
    except csv.Error as error:
        text = "文件读不下去（{why}）。请检查引号是否成对，另存为 CSV UTF-8 后重试。"
        raise Refused(text, code="bad_table", status=422, why=str(error)) from error


def _places(given: Sequence[str], columns: Sequence[Column]) -> Mapping[str, int]:
    known = {name: column.english for column in columns for name in (column.head, column.english)}
    heads = [head.strip().lower() for head in given]
    for head in heads:
        if head and head not in known:
            wanted = ", ".join(column.name for column in columns)
            raise Refused(
                "不认识列“{head}”，可用的列：{wanted}。", code="bad_head", status=422, head=head, wanted=wanted
            )
    places = {known[head]: place for place, head in enumerate(heads) if head}
    if twice := [head for head in heads if head and places[known[head]] != heads.index(head)]:
        raise Refused("列“{head}”出现了两次。", code="bad_head", status=422, head=twice[0])
    for column in columns:
        if column.needed and column.english not in places:
            raise Refused("缺少“{head}”这一列。", code="bad_head", status=422, head=column.name)
    return places


def _at(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""
