"""The generated schemas are those committed, and describe what the models really write."""

import json
from pathlib import Path
from typing import Any

import pytest

from devices import schema
from devices.messages import Fact, Wish

COMMITTED = Path(__file__).parents[2] / "firmware_configs" / "schema"


def test_the_committed_schemas_are_those_the_models_give(tmp_path: Path) -> None:
    for made in schema.write(tmp_path):
        assert (COMMITTED / made.name).read_text() == made.read_text(), "run `make schema` and commit what it writes"


def test_every_message_and_token_is_in_the_schema() -> None:
    defs = schema.json_schema()["$defs"]
    ours = [*Wish.registry.items(), *Fact.registry.items()]
    names = {name for name, model in ours if model.__module__.startswith("devices.")}
    assert names <= {name.partition(".")[2] for name in defs}
    assert {"token.wish", "token.permit", "token.seal", "token.ack"} <= set(defs)


@pytest.mark.parametrize("name", ["courtside.schema.json", "asyncapi.json"])
def test_every_reference_in_a_schema_leads_somewhere(name: str) -> None:
    documents = {file.name: json.loads(file.read_text()) for file in COMMITTED.glob("*.json")}

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for value in node for found in references(value)] if isinstance(node, list) else []

    for reference in references(documents[name]):
        file, _, pointer = reference.partition("#/")
        at = documents[file or name]
        for step in pointer.split("/"):
            assert step in at, f"{reference} leads nowhere"
            at = at[step]
