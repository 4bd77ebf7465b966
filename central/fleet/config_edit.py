"""Other values written into a configuration's text: what stays as it is stays as somebody wrote it, comments too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import yaml

Content = Mapping[str, Any]
_WIDTH = 120


def write(content: Content) -> str:
    """Plain values as YAML."""
    return yaml.dump(dict(content), Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=_WIDTH)


def rewritten(text: str, content: Content) -> str:
    """The text with as little changed as makes it say `content`; written anew where that cannot be done."""
    text = text if text.endswith("\n") else f"{text}\n"
    try:
        tree, was = yaml.compose(text, Loader=yaml.CSafeLoader), yaml.load(text, Loader=yaml.CSafeLoader)
        if not _is_open(tree):
            return write(content)
        changes = _Changes(text)
        changes.of(tree, was, content)
        made = changes.made()
        return made if yaml.load(made, Loader=yaml.CSafeLoader) == content else write(content)
    except (yaml.YAMLError, ValueError):  # a name that stands twice
        return write(content)


@dataclass(frozen=True, order=True)
class _Change:
    """From here to there stands something else."""

    begins: int
    ends: int
    text: str


class _Changes:
    """Pieces of one text that are to be others."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._all: list[_Change] = []

    def made(self) -> str:
        """The text with every change; none lies within another."""
        text = self._text
        for change in sorted(self._all, reverse=True):
            text = text[: change.begins] + change.text + text[change.ends :]
        return text

    def of(self, node: yaml.MappingNode, was: Content, wanted: Content) -> None:
        """What differs within one mapping, of which each name has a line of its own."""
        for (key, value), (name, before) in zip(node.value, was.items(), strict=True):
            begins, ends = key.start_mark.index, _end(value)
            if name not in wanted:
                self._put(begins - key.start_mark.column, self._next_line(ends), "")
            elif wanted[name] == before:
                continue
            elif _is_open(value) and isinstance(wanted[name], dict) and wanted[name]:
                self.of(value, before, wanted[name])
            elif isinstance(value, yaml.ScalarNode) and ends > value.start_mark.index and _is_short(wanted[name]):
                self._put(value.start_mark.index, ends, _short(wanted[name]))
            else:
                self._put(begins, ends, _block({name: wanted[name]}, key.start_mark.column).strip())
        added = {name: value for name, value in wanted.items() if name not in was}
        if added:
            here = self._next_line(_end(node))
            self._put(here, here, _block(added, node.value[0][0].start_mark.column))

    def _put(self, begins: int, ends: int, text: str) -> None:
        self._all.append(_Change(begins, ends, text))

    def _next_line(self, index: int) -> int:
        """Where the line begins that follows the one in which something ended."""
        return index if self._text[index - 1] == "\n" else self._text.index("\n", index) + 1


def _is_open(node: yaml.Node | None) -> TypeGuard[yaml.MappingNode]:
    """Whether it is a mapping with a line a name, not one in braces."""
    return isinstance(node, yaml.MappingNode) and not node.flow_style


def _end(node: yaml.Node) -> int:
    """Where it ends, without the comments that follow it."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)


def _is_short(value: Any) -> bool:
    return not isinstance(value, (dict, list))


def _short(value: Any) -> str:
    """One value as it stands behind its name."""
    text: str = yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()


def _block(content: Content, column: int) -> str:
    return "".join(f"{' ' * column}{line}\n" for line in write(content).splitlines())
