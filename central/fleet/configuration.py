"""A gateway's configuration as central edits it: checked by the schemas the gateway itself brings, and published.

The text is the gateway's file without `gateway`, `court` and `data`, which stay as the box has them. What no schema
says (two drivers on one port) the box checks itself, and refuses with the reason.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import best_match
from sqlalchemy.orm import Session

from central.blobs import Blobs, NoBlob, WrongBlob
from central.fleet import documents
from central.fleet.tables import DesiredDocument, Gateway
from central.web.refused import Refused, Said

OWN = ("gateway", "court", "data")
"""What only the box's own file says."""
LONGEST = 200_000
"""Characters a configuration may have."""

Catalogue = Mapping[str, Any]
"""What a gateway's catalogue blob holds: `drivers` with their settings' schemas, and the schema of the `file`."""

_KINDS: Mapping[str, Said] = {
    "string": Said("一段文字"),
    "integer": Said("整数"),
    "number": Said("数字"),
    "boolean": Said("true 或 false"),
    "array": Said("列表"),
    "object": Said("一组“名称: 值”"),
    "null": Said("空"),
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: in which line, at which setting, and what to write instead."""

    line: int
    where: str
    said: Said


def catalogue_of(blobs: Blobs, gateway: Gateway) -> Catalogue | None:
    """What the gateway itself says it can be told; None before it has started once."""
    return catalogue_named(blobs, gateway.catalogue) if gateway.catalogue else None


def catalogue_named(blobs: Blobs, sha256: str) -> Catalogue | None:
    """The catalogue of that hash, which all gateways of one release share; None if it is not here."""
    try:
        told: Catalogue = json.loads(blobs.get(sha256))
    except (NoBlob, WrongBlob, OSError, ValueError):
        return None
    return told


def text_of(session: Session, blobs: Blobs, gateway: Gateway) -> str:
    """The configuration the gateway is to have; if central never gave one, what it reports, without what is its own."""
    wanted = documents.current(session, gateway, documents.CONFIG)
    sha256 = wanted.sha256 if wanted else gateway.configuration
    text = read(blobs, sha256) if sha256 else None
    if text is None:
        return "devices: {}\n"
    if wanted:
        return text
    content = {name: value for name, value in _plain(text).items() if name not in OWN}
    return write(content)


def read(blobs: Blobs, sha256: str) -> str | None:
    """A configuration by its hash; None while it is not here."""
    try:
        return blobs.get(sha256).decode()
    except (NoBlob, WrongBlob, OSError, UnicodeDecodeError):
        return None


def write(content: Mapping[str, Any]) -> str:
    """Plain values as YAML."""
    return yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False, width=120)


def values(text: str) -> dict[str, Any]:
    """The configuration as plain values; raises Refused if it is no YAML mapping."""
    problems = check(text, None)
    if problems:
        raise Refused(
            "第 {line} 行：{said}", code="bad_config", status=422, line=problems[0].line, said=problems[0].said
        )
    return _plain(text)


def check(text: str, catalogue: Catalogue | None) -> list[Problem]:
    """All that is wrong with it, by line; what a gateway's catalogue does not know is not judged."""
    if len(text) > LONGEST:
        return [Problem(1, "", Said("太长：最多 {most} 个字符。", {"most": LONGEST}))]
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error)
        return [Problem(mark.line + 1 if mark else 1, "", Said("不是 YAML：{why}", {"why": why}))]
    if not isinstance(content, dict):
        return [Problem(1, "", Said("请写“devices:”，下面一行一台设备。"))]
    lines = dict(_lines(tree)) if tree is not None else {}
    found = [_problem(lines, (), error) for error in _errors(_file(catalogue), content)]
    for name, device in _devices(content).items():
        found += _device_problems(lines, name, device, catalogue)
    return sorted(found, key=lambda problem: problem.line)


def publish(
    session: Session, blobs: Blobs, gateway: Gateway, text: str, now: datetime, *, actor: str | None = None
) -> DesiredDocument:
    """Have the gateway try this configuration. Raises Refused with the first thing that is wrong (422)."""
    problems = check(text, catalogue_of(blobs, gateway))
    if problems:
        first = problems[0]
        raise Refused(
            "第 {line} 行 {where}：{said}", code="bad_config", status=422,
            line=first.line, where=first.where, said=first.said,
        )  # fmt: skip
    return documents.desire(session, gateway, documents.CONFIG, blobs.put(text.encode()), now, actor=actor)


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """(mark, line): `-` was, `+` is to be, a blank for what stays, `@` where something was left out."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return [(line[0], line[1:] if line[0] in "+- " else "") for line in list(lines)[2:]]


def merged(content: Any, patch: Any) -> Any:
    """The patch laid over it: mappings are joined, null takes away, anything else takes the place (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    joined = dict(content) if isinstance(content, dict) else {}
    for name, value in patch.items():
        if value is None:
            joined.pop(name, None)
        else:
            joined[name] = merged(joined.get(name), value)
    return joined


def _file(catalogue: Catalogue | None) -> Mapping[str, Any]:
    schema = dict((catalogue or {}).get("file", {}))
    if schema:
        schema["required"] = []
    return schema


def _devices(content: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    devices = content.get("devices")
    return {str(k): v for k, v in devices.items() if isinstance(v, dict)} if isinstance(devices, dict) else {}


def _device_problems(
    lines: Mapping[tuple[Any, ...], int], name: str, device: Mapping[str, Any], catalogue: Catalogue | None
) -> Iterable[Problem]:
    at = ("devices", name)
    if catalogue is None:
        return
    drivers: Mapping[str, Any] = catalogue.get("drivers", {})
    driver = device.get("driver")
    if driver is None:
        yield Problem(_line(lines, at), ".".join(at), Said("缺少“{name}”。", {"name": "driver"}))
        return
    if driver not in drivers:
        near = difflib.get_close_matches(str(driver), list(drivers), 1)
        said = Said("没有“{driver}”这个驱动，是不是“{near}”？", {"driver": driver, "near": near[0]})
        if not near:
            said = Said("没有“{driver}”这个驱动。", {"driver": driver})
        yield Problem(_line(lines, (*at, "driver")), ".".join((*at, "driver")), said)
        return
    settings = {key: value for key, value in device.items() if key != "driver"}
    for error in _errors(drivers[driver]["settings"], settings):
        yield _problem(lines, at, error)


def _errors(schema: Mapping[str, Any], content: Any) -> Iterable[ValidationError]:
    return Draft202012Validator(schema).iter_errors(content)


def _problem(lines: Mapping[tuple[Any, ...], int], at: tuple[Any, ...], error: ValidationError) -> Problem:
    inner = best_match(error.context) if error.context else None
    where = (*at, *error.absolute_path)
    told = inner or error
    if told.validator == "additionalProperties" and isinstance(told.instance, dict):
        schema: Any = told.schema
        known = schema.get("properties", {})
        unknown = next((name for name in told.instance if name not in known), "")
        where = (*where, unknown)
        near = difflib.get_close_matches(str(unknown), list(known), 1)
        said = Said("没有“{name}”这个设置，是不是“{near}”？", {"name": unknown, "near": near[0]}) if near else Said(
            "没有“{name}”这个设置，可以写：{known}", {"name": unknown, "known": ", ".join(known)})  # fmt: skip
    else:
        said = _said(told)
    return Problem(_line(lines, where), ".".join(map(str, where)), said)


def _said(error: ValidationError) -> Said:
    value: Any = error.validator_value
    match error.validator:
        case "required":
            instance: Any = error.instance
            missing = next((name for name in value if name not in instance), "")
            return Said("缺少“{name}”。", {"name": missing})
        case "type":
            return Said(
                "应为{kind}，现在是 {value}。", {"kind": _KINDS.get(value, value), "value": str(error.instance)[:80]}
            )
        case "minimum" | "exclusiveMinimum":
            return Said("太小，至少 {least}。", {"least": value})
        case "maximum" | "exclusiveMaximum":
            return Said("太大，最多 {most}。", {"most": value})
        case "enum":
            return Said("只能是：{values}", {"values": ", ".join(map(str, value))})
        case "const":
            return Said("只能是：{values}", {"values": str(value)})
    return Said("不符合要求：{why}", {"why": error.message[:200]})


def _lines(node: yaml.Node, where: tuple[Any, ...] = ()) -> Iterable[tuple[tuple[Any, ...], int]]:
    yield where, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*where, key.value))
            yield (*where, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*where, index))


def _line(lines: Mapping[tuple[Any, ...], int], where: tuple[Any, ...]) -> int:
    return next((lines[where[:end]] for end in range(len(where), -1, -1) if where[:end] in lines), 1)


def _plain(text: str) -> dict[str, Any]:
    content = yaml.safe_load(text)
    return content if isinstance(content, dict) else {}
