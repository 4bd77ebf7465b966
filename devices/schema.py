"""JSON Schema and AsyncAPI of everything that travels, made from the models (`python -m devices.schema DIR`)."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from devices import (
    box,
    cameras,
    claims,
    climate,
    displays,
    hearings,
    locks,
    microphones,
    power,
    printers,
    readers,
    scanners,
    scanning,
    speech,
    supplies,
    transcribing,
)
from devices.messages import Fact, Wish
from devices.topics import ROOT

KINDS = (
    locks,
    readers,
    printers,
    displays,
    scanners,
    scanning,
    microphones,
    cameras,
    speech,
    power,
    climate,
    supplies,
    hearings,
    transcribing,
    box,
)
"""Modules whose import declares every message."""

_CLAIMS: dict[str, type[BaseModel]] = {
    "wish": claims.WishClaims,
    "permit": claims.PermitClaims,
    "seal": claims.SealClaims,
    "ack": claims.AckClaims,
    "desired": claims.DesiredClaims,
    "stored": claims.StoredClaims,
    "hearing": claims.HearingClaims,
    "gateway": claims.IdentityClaims,
}


_AT = {"type": "string", "format": "date-time"}
_SECONDS = {"type": "integer", "description": "Seconds since 1970."}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_NUMBER = {"type": "integer", "minimum": 0}
_LINE: dict[str, Any] = {
    "title": "Line",
    "description": "A line of a journal. Its hash is SHA-256 over its very bytes, without the newline.",
    "type": "object",
    "properties": {
        "seq": _NUMBER,
        "prev": {**_SHA256, "description": "Hash of the line before; zeros in the first of a book."},
        "at": {**_AT, "description": "UTC."},
        "boot": {"type": "string"},
        "mono_ms": _NUMBER,
        "device": {"type": "string"},
        "type": {"type": "string", "description": "TYPE of the `fact.TYPE` its body is."},
        "body": {"type": "object"},
        "cause": {"type": "string", "description": "Id of the wish it answers."},
    },
    "required": ["seq", "prev", "at", "boot", "mono_ms", "device", "type", "body"],
}


def json_schema() -> dict[str, Any]:
    """One JSON Schema (draft 2020-12) with every wish, fact and token, and the line, under `$defs`."""
    defs: dict[str, Any] = {}
    for group, models in (("wish", Wish.registry), ("fact", Fact.registry), ("token", _CLAIMS)):
        for name, model in sorted(_shared(models).items()):
            schema = model.model_json_schema(ref_template=f"#/$defs/{group}.{name}/$defs/{{model}}")
            defs[f"{group}.{name}"] = schema
    defs["line"] = _LINE
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Courtside 1", "$defs": defs}


def _shared(models: Mapping[str, type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """Those declared here: facts of central's own book do not travel."""
    return {name: model for name, model in models.items() if model.__module__.partition(".")[0] == __package__}


def asyncapi(version: str = "1") -> dict[str, Any]:
    """AsyncAPI 3.0 of the topics between gateways and central, and of what other programs read."""
    channels, operations = {}, {}
    for name, address, action, summary, payload, kind in _channels():
        channels[name] = {
            "address": address,
            "parameters": {key: {"description": _PARAMETERS[key]} for key in re.findall(r"{(\w+)}", address)},
            "messages": {name: {"summary": summary, "contentType": kind, "payload": payload}},
        }
        operations[name] = {"action": action, "channel": {"$ref": f"#/channels/{name}"}, "summary": summary}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Courtside", "version": version, "description": f"{_ABOUT} MQTT 5."},
        "defaultContentType": _JSON,
        "channels": channels,
        "operations": operations,
    }


_ABOUT = (
    "Seen from central: it receives what gateways tell and sends what they are to do. Other programs read `homie/`."
)
_JSON, _JWT, _LINES, _TEXT = "application/json", "application/jwt", "application/x-ndjson", "text/plain"
_PARAMETERS = {
    "court": "The court's name, [a-z0-9-].",
    "gateway": "The gateway's name, that of its certificate.",
    "device": "A device of the gateway, [a-z0-9-]; in Homie also `gateway`, the box itself.",
    "stream": "What is told live, such as `levels`.",
    "property": "A property of the device, as `$description` has it.",
}


def _channels() -> list[tuple[str, str, str, str, Any, str]]:
    base, homie = f"{ROOT}/{{court}}/{{gateway}}", "homie/5/{gateway}"
    token = {"type": "string", "description": "EdDSA JWT; its claims are under `$defs` of courtside.schema.json."}
    row = "Rows with a newline between; each is `#/$defs/line` of courtside.schema.json, its body `fact.TYPE` there."
    lines = {"type": "string", "description": row}
    sealed = {**lines, "description": f"{row} The user property `seal` is a seal token over them."}
    alive = {"type": "object", "properties": {"online": {"type": "boolean"}, "at": _SECONDS}}
    states = {"enum": ["init", "ready", "disconnected", "sleeping", "lost"]}
    return [
        ("journal", f"{base}/journal", "receive", "Sealed batches, oldest first (QoS 1)", sealed, _LINES),
        ("ack", f"{base}/ack", "send", "Committed up to here (QoS 1, retained)", token, _JWT),
        ("wish", f"{base}/wish", "send", "One wish (QoS 1, never retained, expiry as in the token)", token, _JWT),
        ("desired", f"{base}/desired", "send", "Which documents are current (QoS 1, retained)", token, _JWT),
        ("live", f"{base}/live/{{device}}/{{stream}}", "receive", "May be lost (QoS 0)", {"type": "object"}, _JSON),
        ("live_journal", f"{base}/live/journal", "receive", "New lines at once, to be shown (QoS 0)", lines, _LINES),
        ("host", f"{ROOT}/{{court}}/host", "send", "Is central alive (QoS 1, retained, will)", alive, _JSON),
        ("homie_state", f"{homie}/$state", "receive", "Homie 5: is it there (retained, will)", states, _TEXT),
        ("homie_description", f"{homie}/$description", "receive", "Homie 5: what it consists of (retained)",
         {"type": "object"}, _JSON),
        ("homie_property", f"{homie}/{{device}}/{{property}}", "receive", "Homie 5: a value (retained)",
         {"type": "string"}, _TEXT),
    ]  # fmt: skip


def write(folder: Path) -> list[Path]:
    """Write both files into `folder`; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"courtside.schema.json": json_schema(), "asyncapi.json": asyncapi()}
    for name, document in files.items():
        (folder / name).write_text(json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
    return [folder / name for name in files]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
