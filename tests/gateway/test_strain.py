"""What strains a box is journaled when it begins and when it is over, and not in between."""

from pathlib import Path

import pytest

from devices.box import GATEWAY, BoxStrained
from devices.health import Heartbeat
from gateway.heartbeat import Pulse
from gateway.strain import look, strained
from tests.kit.box import Box, box


class Told(Pulse):
    """A box that measures what a test says."""

    figures: dict[str, float] = {}

    def beat(self) -> Heartbeat:
        """The true figures, and those of the test."""
        return super().beat().model_copy(update={"disk_used": 0.2, "temperature_c": 40.0, **self.figures})


@pytest.mark.parametrize(
    ("figures", "before", "now"),
    [
        ({"disk_used": 0.90}, (), ()),
        ({"disk_used": 0.91}, (), ("disk",)),
        ({"disk_used": 0.86}, ("disk",), ("disk",)),
        ({"disk_used": 0.86}, (), ()),
        ({"disk_used": 0.85}, ("disk",), ()),
        ({"temperature_c": 86.0, "clock_error_ms": 101.0}, ("disk",), ("heat", "clock")),
        ({}, ("clock",), ()),
    ],
)
def test_a_strain_begins_beyond_its_limit_and_is_over_well_below(
    figures: dict[str, float], before: tuple[str, ...], now: tuple[str, ...]
) -> None:
    assert strained(figures, before) == now


def told(at: Box) -> list[BoxStrained]:
    return [BoxStrained.model_validate(line.body) for line in at.of("box_strained")]


async def test_a_box_that_gets_hot_and_cools_down_says_so_once_each(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        pulse = Told(at.journal, at.bench, tmp_path)
        for celsius in (40.0, 84.0, 86.0, 90.0, 80.0, 76.0, 74.0, 84.0):
            pulse.figures = {"temperature_c": celsius}
            await look(pulse)
        assert [(fact.strains, fact.measured["temperature_c"]) for fact in told(at)] == [(("heat",), 86.0), ((), 74.0)]


async def test_a_box_that_was_strained_before_it_was_started_anew_does_not_say_so_again(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        for _ in range(2):
            pulse = Told(at.journal, at.bench, tmp_path)
            pulse.figures = {"disk_used": 0.95, "clock_error_ms": 300.0}
            await look(pulse)
        assert [fact.strains for fact in told(at)] == [("disk", "clock")]
        assert at.journal.state_of(GATEWAY, "strain") == "disk,clock"
