"""A configuration as somebody wrote it: its plain values and the line of each, or what is wrong with the writing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from central.web.refused import Said

Where = tuple[Any, ...]

_WRITING: Mapping[str, Said] = {
    "could not find expected ':'": Said("名称后面缺少英文冒号和空格，例如“cells: 12”。"),
    "mapping values are not allowed in this context": Said("这里多出一个冒号；或上一行少了冒号，或这一行缩进得不对。"),
    "did not find expected key": Said("这一行的缩进与上下行没有对齐。"),
    "did not find expected '-' indicator": Said("这一行的缩进与上下行没有对齐。"),
    "found character that cannot start any token": Said("开头的字符不能用：缩进请用空格而不用制表符（Tab）。"),
    "found a tab character that violates indentation": Said("缩进请用空格，不用制表符（Tab）。"),
    "did not find expected ',' or '}'": Said("大括号没有写完，或中间缺少逗号。"),
    "did not find expected ',' or ']'": Said("方括号没有写完，或中间缺少逗号。"),
    "found unexpected end of stream": Said("引号没有写完。"),
    "found undefined alias": Said("以“*”开头的内容没有出处；这是普通文字的话，请加引号。"),
}
"""What the parser says -> what whoever wrote it can do about it."""
_UNREADABLE = (yaml.YAMLError, AttributeError, RecursionError, ValueError)
"""What reading raises: PyYAML would make a date of `2026-13-45` and a number of `0x_`, and fails in passing."""
_BEGUN = {"while scanning a simple key", "while scanning a quoted scalar", "while parsing a flow mapping"}
"""Where the mistake is in the line in which this began, not in the one where the parser gave up."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: in which line, at which setting, and what to write instead."""

    line: int
    where: str
    said: Said


@dataclass
class Written:
    """The text as read."""

    content: Any = None
    """Plain values; worth nothing while there are `problems`."""
    lines: dict[Where, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, where: Where) -> int:
        """The line of that setting, or of the nearest one around it."""
        return next((self.lines[where[:end]] for end in range(len(where), -1, -1) if where[:end] in self.lines), 1)


def read(text: str) -> Written:
    """The text with the line of each setting; YAML would let a later name silently take the place of an equal one."""
    written = Written()
    try:
        tree = yaml.compose(text, Loader=yaml.CSafeLoader)
        written.content = yaml.load(text, Loader=yaml.CSafeLoader)
        if tree is not None:
            written.problems += _places(written.lines, tree, (), 1, set())
    except _UNREADABLE as error:
        written.problems.append(_unreadable(text, error))
    return written


def _unreadable(text: str, error: Exception) -> Problem:
    mark, why = getattr(error, "problem_mark", None), getattr(error, "problem", None) or str(error)
    if getattr(error, "context", None) in _BEGUN:
        mark = getattr(error, "context_mark", None) or mark
    said = _WRITING.get(why) or Said("不是 YAML：{why}", {"why": why})
    return Problem(min(mark.line, text.count("\n")) + 1 if mark else 1, "", said)


def _places(lines: dict[Where, int], node: yaml.Node, where: Where, line: int, met: set[int]) -> Iterable[Problem]:
    lines[where] = line
    if isinstance(node, yaml.ScalarNode):
        return
    if id(node) in met:  # an alias, which may even lead back into itself; gateways take none
        yield Problem(line, ".".join(map(str, where)), Said("不能用“*”引用别处的内容，请在这里直接写出来。"))
        return
    met.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _places(lines, item, (*where, index), item.start_mark.line + 1, met)
        return
    for key, value in node.value:
        at, here = (*where, key.value), key.start_mark.line + 1
        if at in lines:
            said = Said("“{name}”写了两次，第一次在第 {line} 行。", {"name": key.value, "line": lines[at]})
            yield Problem(here, ".".join(map(str, at)), said)
            continue
        yield from _places(lines, value, at, here, met)
