"""A gateway's configuration as central edits it: checked by the schemas the gateway itself brings, and published.

The text is the gateway's file without `gateway`, `court` and `data`, which stay as the box has them. What no schema
says (two drivers on one port) the box checks itself, and refuses with the reason.
"""

import difflib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from jsonschema import ValidationError
from jsonschema.exceptions import best_match
from sqlalchemy.orm import Session

from central.blobs import MAX_TOLD, Blobs, NoBlob, WrongBlob
from central.fleet import config_text, documents
from central.fleet.catalogue import Catalogue, catalogue_of, errors
from central.fleet.config_edit import rewritten
from central.fleet.config_text import Problem, Where, Written
from central.fleet.tables import DesiredDocument, Gateway
from central.web.refused import Refused, Said
from devices.topics import BadName, checked_gateway

OWN = ("gateway", "court", "data")
"""What only the box's own file says."""
LONGEST = 200_000
"""Characters a configuration may have."""

_KINDS: Mapping[str, Said] = {
    "string": Said("一段文字"),
    "integer": Said("整数"),
    "number": Said("数字"),
    "boolean": Said("true 或 false"),
    "array": Said("列表"),
    "object": Said("一组“名称: 值”"),
    "null": Said("空"),
}


def text_of(session: Session, blobs: Blobs, gateway: Gateway) -> str:
    """The configuration the gateway is to have; while it has none, or gave it back, what it reports without its own."""
    wanted = documents.current(session, gateway, documents.CONFIG)
    sha256 = wanted.sha256 if wanted and wanted.state != "refused" else gateway.configuration
    text = read(blobs, sha256) if sha256 else None
    if text is None:
        return "devices: {}\n"
    content = _plain(text)
    if content.keys().isdisjoint(OWN):
        return text
    return rewritten(text, {name: value for name, value in content.items() if name not in OWN})


def read(blobs: Blobs, sha256: str) -> str | None:
    """A configuration by its hash; None while it is not here."""
    try:
        return blobs.get(sha256, MAX_TOLD).decode()
    except (NoBlob, WrongBlob, OSError, UnicodeDecodeError):
        return None


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
    written = config_text.read(text)
    if written.problems:
        return sorted(written.problems, key=lambda problem: problem.line)
    content = written.content
    if not isinstance(content, dict):
        return [Problem(1, "", Said("请写“devices:”，下面一行一台设备。"))]
    found = [_problem(written, (), error) for error in errors(_file(catalogue), content)]
    for name, device in _devices(content).items():
        found += _device_problems(written, name, device, catalogue)
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
        schema["properties"] = {name: told for name, told in schema.get("properties", {}).items() if name not in OWN}
    return schema


def _devices(content: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    devices = content.get("devices")
    return {str(k): v for k, v in devices.items() if isinstance(v, dict)} if isinstance(devices, dict) else {}


def _device_problems(
    written: Written, name: str, device: Mapping[str, Any], catalogue: Catalogue | None
) -> Iterable[Problem]:
    at = ("devices", name)
    try:
        checked_gateway(name)
    except BadName:
        said = Said("设备不能叫“{name}”：请用小写字母、数字和短横线，例如 wall-b。", {"name": name})
        yield Problem(written.line(at), ".".join(at), said)
    if catalogue is None:
        return
    drivers: Mapping[str, Any] = catalogue.get("drivers", {})
    driver = device.get("driver")
    if driver is None:
        yield Problem(written.line(at), ".".join(at), Said("缺少“{name}”。", {"name": "driver"}))
        return
    if str(driver) not in drivers:
        near = difflib.get_close_matches(str(driver), list(drivers), 1)
        said = Said("没有“{driver}”这个驱动。", {"driver": str(driver)})
        if near:
            said = Said("没有“{driver}”这个驱动，是不是“{near}”？", {"driver": str(driver), "near": near[0]})
        yield Problem(written.line((*at, "driver")), ".".join((*at, "driver")), said)
        return
    settings = {key: value for key, value in device.items() if key != "driver"}
    for error in errors(drivers[str(driver)]["settings"], settings):
        yield _problem(written, at, error)


def _problem(written: Written, at: Where, error: ValidationError) -> Problem:
    inner = best_match(error.context) if error.context else None
    where = (*at, *error.absolute_path)
    told = inner or error
    if told.validator == "additionalProperties" and isinstance(told.instance, dict):
        schema: Any = told.schema
        known = schema.get("properties", {})
        unknown = next((name for name in told.instance if name not in known), "")
        where = (*where, unknown)
        near = difflib.get_close_matches(str(unknown), list(known), 1)
        if where in [(name,) for name in OWN]:
            said = Said("“{name}”只由网关本机的文件决定，请去掉。", {"name": unknown})
            return Problem(written.line(where), unknown, said)
        said = Said("没有“{name}”这个设置，是不是“{near}”？", {"name": unknown, "near": near[0]}) if near else Said(
            "没有“{name}”这个设置，可以写：{known}", {"name": unknown, "known": ", ".join(known)})  # fmt: skip
    else:
        said = _said(told)
    return Problem(written.line(where), ".".join(map(str, where)), said)


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
        case "pattern":
            schema: Any = error.schema
            about = schema.get("description", "")
            return Said("“{value}”写得不对：{about}", {"value": str(error.instance)[:80], "about": about})
        case "const":
            return Said("只能是：{values}", {"values": str(value)})
    return Said("不符合要求：{why}", {"why": error.message[:200]})


def _plain(text: str) -> dict[str, Any]:
    """Empty for what cannot be read; `check` says why."""
    written = config_text.read(text)
    return written.content if isinstance(written.content, dict) and not written.problems else {}
