"""Tags and time: when one has left is decided by the clock passed in; and the check values readers are built on."""

import pytest

from devices.readers import TagLost, TagSeen
from drivers.readers.uhf_m100 import wire as m100
from drivers.tags import Presence
from tests.contracts.rig import rig, until, watching


def test_a_tag_is_lost_when_it_was_absent_for_so_long_and_not_before() -> None:
    field = Presence(3.0)
    assert field.after(["A1"], 100.0) == [TagSeen(tag="A1")]
    assert field.after(["A1"], 101.0) == []
    assert field.after([], 103.9) == []
    assert field.after([], 104.0) == [TagLost(tag="A1")]
    assert field.after([], 999.0) == []


def test_a_tag_heard_again_in_time_never_left() -> None:
    field = Presence(3.0)
    field.after(["A1", "B2"], 0.0)
    assert field.after(["A1"], 2.9) == []
    assert field.after(["A1", "A1"], 3.0) == [TagLost(tag="B2")]
    assert field.after(["B2"], 4.0) == [TagSeen(tag="B2")]


def test_the_checks_of_the_m100_are_the_published_ones() -> None:
    assert m100.sum8(b"123456789") == 0xDD
    assert m100.crc_genibus(b"123456789") == 0xD64E


def test_an_m100_tag_whose_own_crc_is_wrong_is_not_believed() -> None:
    good = m100.tag("bb", -55, bytes.fromhex("3400"), bytes(12))
    bad = m100.Frame("bb", good.kind, good.command, good.parameters[:-1] + b"\x00")
    assert m100.answer_framer().feed(good.to_bytes()) == [good]
    assert m100.answer_framer().feed(bad.to_bytes()) == []


@pytest.mark.parametrize("speaks", ["bb", "aa"])
@pytest.mark.parametrize("framing", ["auto", "fixed"])
async def test_an_m100_is_understood_in_either_framing(speaks: str, framing: str) -> None:
    settings = {"framing": "auto" if framing == "auto" else speaks, "speaks": speaks}
    async with rig("readers/uhf_m100", **settings) as reader, watching(reader) as facts:
        reader.hand("put_in", tag="A1B2")
        assert await until(facts, tag="A1B2") == [TagSeen(tag="A1B2")]
        assert reader.emulator.look()["speaks"] == speaks
