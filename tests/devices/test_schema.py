"""The generated schemas are those committed, and describe what the models really write."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from devices import schema
from devices.journal import ZERO, Stamp, write_line
from devices.messages import Fact, Wish
from devices.topics import GatewayTopics

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


def test_a_line_as_it_is_written_is_a_line_of_the_schema() -> None:
    line = schema.json_schema()["$defs"]["line"]
    stamp = Stamp(datetime(2026, 3, 2, tzinfo=UTC), "boot", 5)
    written = json.loads(write_line(1, ZERO, stamp, "wall-a", ("door_changed", {"cell": 1}), "wish-1"))
    assert written.keys() == line["properties"].keys()
    bare = json.loads(write_line(1, ZERO, stamp, "wall-a", ("door_changed", {"cell": 1})))
    assert bare.keys() == set(line["required"])


def test_each_topic_names_its_parts_and_homie_is_among_them() -> None:
    channels = schema.asyncapi()["channels"]
    for channel in channels.values():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == channel["parameters"].keys()
    topics = GatewayTopics("{court}", "{gateway}")
    told = {channel["address"] for channel in channels.values()}
    assert {topics.journal, topics.live_journal, topics.live("{device}", "{stream}"), f"{topics.homie}/$state"} <= told


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
