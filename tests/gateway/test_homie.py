"""The gateway as a Homie 5 device: rules of the convention 5.0.0."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from devices.describe import Property
from devices.locks import door_properties
from gateway import homie

DEVICES = {"wall-a": door_properties([1, 2]), "reader-a": {"reads": Property(name="Reads", datatype="integer")}}
STATES = {("wall-a", "cell-1"): "open", ("wall-a", "presence"): "back", ("gateway", "clock"): "trusted"}
_ID = re.compile(r"^[a-z0-9-]+$")


def test_it_is_told_in_the_order_the_convention_asks_for() -> None:
    told = list(homie.announcement("locker-a", DEVICES, STATES, "run-1"))
    topics = [topic for topic, _ in told]
    assert told[0] == ("$state", "init")
    assert topics[1] == "$description"
    assert told[-1] == ("$state", "ready")
    assert ("wall-a/cell-1", "open") in told[2:-1]
    assert ("gateway/clock", "trusted") in told[2:-1]


def test_every_value_has_a_property_in_the_description() -> None:
    nodes = homie.description("locker-a", DEVICES)["nodes"]
    unknown = {("wall-a", "cell-9"): "open", ("gone-device", "presence"): "back", ("gateway", "x"): "y"}
    for topic, _ in homie.values(DEVICES, STATES | unknown):
        node, _, property_ = topic.partition("/")
        assert property_ in nodes[node]["properties"]


def test_the_description_keeps_the_rules() -> None:
    told = json.loads(json.dumps(homie.description("locker-a", DEVICES)))
    assert told["homie"] == "5.0"
    assert "root" not in told
    for id_, node in told["nodes"].items():
        assert _ID.match(id_)
        for property_id, property_ in node["properties"].items():
            assert _ID.match(property_id)
            assert "settable" not in property_
            assert property_["datatype"] != "enum" or property_["format"]


@given(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_the_version_differs_exactly_when_the_content_does(one: set[int], other: set[int]) -> None:
    versions = [homie.description("g", {"wall": door_properties(sorted(cells))})["version"] for cells in (one, other)]
    assert (versions[0] == versions[1]) == (one == other)


def test_an_empty_value_does_not_delete_its_topic() -> None:
    assert list(homie.values(DEVICES, {("reader-a", "reads"): ""})) == [("reader-a/reads", "\x00")]
