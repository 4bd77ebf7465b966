"""A handful of light gateways at a real court: what `make fleet` measures with thousands holds with few."""

from pathlib import Path

from tests.fleet.__main__ import FACTS, measure


async def test_boxes_join_tell_come_back_after_a_storm_and_go_with_their_switch_as_one_alarm(tmp_path: Path) -> None:
    told = await measure(6, 1.0, tmp_path)
    assert told["facts/s"] > 0 and FACTS
    assert told["dead switch: alarms shown"] == 1
