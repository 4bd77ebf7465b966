"""A gateway's file as written: each value with its line; an error names file, line and what to write instead."""

from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.hint import hint

Where = tuple[str | int, ...]
"""The way to a value: keys and indices from the top of the file."""
_UNREADABLE = (yaml.YAMLError, AttributeError, RecursionError, ValueError)
"""What reading raises: PyYAML would make a date of `2026-13-45` and a number of `0x_`, and fails in passing."""


class BadConfig(Exception):
    """The file cannot be used; `errors` are sentences, one an error, each naming file and line."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


@dataclass
class Source:
    """The file as read: where each value stands, and what is wrong with it."""

    file: str
    quotes: bool = True
    """Whether errors repeat what stands there: it may be a password, and what is told to central is a line for ever."""
    lines: dict[Where, int] = field(default_factory=dict)
    errors: list[tuple[int, str]] = field(default_factory=list)

    def compose(self, text: str) -> dict[str, Any]:
        """The YAML text as plain values. Raises BadConfig if it is none, or no mapping."""
        try:
            tree = yaml.compose(text, Loader=yaml.CSafeLoader)
            content = self.take(tree) if tree is not None else None
        except _UNREADABLE as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            raise BadConfig([f"{self.file} line {line}: no YAML: {getattr(error, 'problem', error)}"]) from error
        if not isinstance(content, dict):
            raise BadConfig([f"{self.file} line 1: write `gateway: NAME`, `court: NAME`, `data: FOLDER`, `devices:`"])
        return content

    def take(self, node: yaml.Node, where: Where = ()) -> Any:
        """Plain values of a YAML tree, noting the line of each."""
        self.lines.setdefault(where, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self.take(item, (*where, index)) for index, item in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return yaml.CSafeLoader("").construct_object(node)
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            at = (*where, key)
            if key in values:
                self.say(at, f"stands here again, first in line {self.lines[at]}", key_node.start_mark.line + 1)
                continue
            self.lines[at] = key_node.start_mark.line + 1
            values[key] = self.take(value_node, at)
        return values

    def say(self, where: Where, text: str, line: int | None = None) -> None:
        """Note an error at that place."""
        told = line or next(self.lines[where[:end]] for end in range(len(where), -1, -1) if where[:end] in self.lines)
        path = ".".join(map(str, where))
        self.errors.append((told, f"{self.file} line {told}: {path}: {text}"))

    def validated(self, model: type[BaseModel], values: Any, where: Where) -> Any:
        """The values as that model, or None with its errors noted."""
        try:
            return model.model_validate(values)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self.say((*where, *_place(detail)), _sentence(model, detail, self.quotes))
            return None


def _place(detail: ErrorDetails) -> Where:
    return tuple(part for part in detail["loc"] if part != "[key]")


def _sentence(model: type[BaseModel], detail: ErrorDetails, quotes: bool) -> str:
    if detail["type"] == "missing":
        return "is missing; write it"
    if detail["type"] == "extra_forbidden":
        known = _settings_at(model, detail["loc"][:-1])
        return f"no such setting; {hint(str(detail['loc'][-1]), known)}"
    if detail["type"] == "string_pattern_mismatch" and (wanted := _description(model, detail["loc"])):
        return f"{repr(detail['input']) if quotes else 'this'} cannot stand here. {wanted}"
    said = detail["msg"].removeprefix("Value error, ")
    return f"{said} (here: {detail['input']!r})" if quotes else said


def _description(model: type[BaseModel], where: Where) -> str:
    """What the setting at that place is for, if the model itself has it; an expression tells nobody what to write."""
    known = model.model_fields.get(str(where[0])) if len(where) == 1 else None
    return (known and known.description) or ""


def _settings_at(model: type[BaseModel], where: Where) -> list[str]:
    """Names of the settings at a place, followed through the models that nest by name."""
    for part in where:
        if part not in model.model_fields:
            continue  # a name that the file gives, not the model
        annotation = model.model_fields[str(part)].annotation
        nested = [a for a in (annotation, *getattr(annotation, "__args__", ())) if _is_model(a)]
        if not nested:
            return []
        model = nested[0]
    return list(model.model_fields)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
