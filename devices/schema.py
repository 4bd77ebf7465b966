"""JSON Schema and AsyncAPI of everything that travels, made from the models (`python -m devices.schema DIR`)."""

import json
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


def json_schema() -> dict[str, Any]:
    """One JSON Schema (draft 2020-12) with every wish, fact and token under `$defs`."""
    defs: dict[str, Any] = {}
    for group, models in (("wish", Wish.registry), ("fact", Fact.registry), ("token", _CLAIMS)):
        for name, model in sorted(_shared(models).items()):
            schema = model.model_json_schema(ref_template=f"#/$defs/{group}.{name}/$defs/{{model}}")
            defs[f"{group}.{name}"] = schema
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Courtside 1", "$defs": defs}


def _shared(models: Mapping[str, type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """Those declared here: facts of central's own book do not travel."""
    return {name: model for name, model in models.items() if model.__module__.partition(".")[0] == __package__}


def asyncapi(version: str = "1") -> dict[str, Any]:
    """AsyncAPI 3.0 of the topics between gateways and central."""
    parameters = {
        "court": {"description": "The court's name, [a-z0-9-]."},
        "gateway": {"description": "The gateway's name, that of its certificate."},
    }
    channels, operations = {}, {}
    for name, address, action, summary, payload in _channels():
        channels[name] = {
            "address": address,
            "parameters": {key: value for key, value in parameters.items() if "{" + key + "}" in address},
            "messages": {name: {"summary": summary, "payload": payload}},
        }
        operations[name] = {"action": action, "channel": {"$ref": f"#/channels/{name}"}, "summary": summary}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Courtside", "version": version, "description": "Gateway and central over MQTT 5."},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
    }


def _channels() -> list[tuple[str, str, str, str, Any]]:
    base = f"{ROOT}/{{court}}/{{gateway}}"
    token = {"type": "string", "description": "EdDSA JWT; its claims are under `$defs` of courtside.schema.json."}
    lines = {"type": "string", "description": "Journal lines, newline between; user property `seal` is a seal token."}
    names = sorted(_shared(Fact.registry))
    facts = {"oneOf": [{"$ref": f"courtside.schema.json#/$defs/fact.{name}"} for name in names]}
    return [
        ("journal", f"{base}/journal", "receive", "Sealed batches, oldest first (QoS 1, not retained)", lines),
        ("ack", f"{base}/ack", "send", "Committed up to here (QoS 1, retained)", token),
        ("wish", f"{base}/wish", "send", "One wish (QoS 1, never retained, expiry as in the token)", token),
        ("desired", f"{base}/desired", "send", "Which documents are current (QoS 1, retained)", token),
        ("live", f"{base}/live/{{device}}/{{stream}}", "receive", "What may be lost (QoS 0)", {"type": "object"}),
        ("live_journal", f"{base}/live/journal", "receive", "New facts at once, for display only (QoS 0)", facts),
        ("host", f"{ROOT}/{{court}}/host", "send", "Is central alive (QoS 1, retained, will)", {"type": "object"}),
    ]


def write(folder: Path) -> list[Path]:
    """Write both files into `folder`; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"courtside.schema.json": json_schema(), "asyncapi.json": asyncapi()}
    for name, document in files.items():
        (folder / name).write_text(json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
    return [folder / name for name in files]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
