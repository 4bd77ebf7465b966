"""A box changes its own software and the power goes: it always has one that works, from what the disk kept."""

from collections.abc import Callable

import pytest

from tests.kit.powercut import ForgetfulDisk
from tests.life.test_update import Box, Place, place

__all__ = ["place"]

Forgetful = Callable[[str], ForgetfulDisk]


def on(disk: ForgetfulDisk, place: Place) -> tuple[Box, dict[str, str]]:
    """A box that is to have other software and stands on that disk, and the environment of its processes."""
    box = place.box(str(disk.folder / "box"))
    layer = {name: disk.environment[name] for name in ("LD_PRELOAD", "CUT_ROOT")}
    return box, layer


def cut_before(forgetful: Forgetful, place: Place, name: str, **step: str) -> str:
    """The power goes before that step, the box starts again and ends as it should; gives the step."""
    disk = forgetful(name)
    box, layer = on(disk, place)
    last = box.steps(**step, **layer, CUT_SHADOW=disk.environment["CUT_SHADOW"])[-1]
    disk.cut()
    assert box.runs(**layer, CUT_SHADOW=disk.environment["CUT_SHADOW"])[-1] == 0, last
    disk.cut()
    assert box.release_there() == "0.2.0", last
    assert len(box.told("software_refused")) == 0, last
    return last


@pytest.mark.parametrize(
    ("step", "number"),
    [("fsync /0.2.0", 3), ("rename /state.json", 1), ("rename /current", 2), ("rename /state.json", 3)],
)
def test_the_power_goes_as_a_box_changes_over_and_it_goes_on_with_a_release_that_works(
    forgetful: Forgetful, place: Place, step: str, number: int
) -> None:
    assert cut_before(forgetful, place, "box", KILL_BEFORE=step, KILL_AT=str(number)).startswith(step)


@pytest.mark.long
def test_the_power_goes_at_every_step_and_the_box_goes_on_with_a_release_that_works(
    forgetful: Forgetful, place: Place
) -> None:
    whole = place.box("whole, power").steps()
    kept = [at for at, step in enumerate(whole, 1) if step.startswith("fsync /0.")]
    for at in sorted({*range(1, len(whole) + 1)} - {*kept} | {*kept[::25], *kept[-1:]}):
        cut_before(forgetful, place, f"cut at {at}", KILL_AT=str(at))
