"""Every product at one gateway, emulated: pulled, garbled and delayed at random; nothing leaks and all come back."""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from gateway.catalogue import names
from tests.kit.everything import Everything

MOST_MORE_MB = 24.0
"""What the gateway may have grown by at the end: caches fill, the journal's pages are kept."""
BETWEEN_S = 0.1


def _plague(folder: Path, seconds: float, counted: Callable[[str], None]) -> None:
    """Bad weather for so long, then sunshine: what is held then is what was held before."""
    random = Random(3)
    with Everything(folder) as everything:
        assert len(everything.devices) == len(names())
        everything.until_all_are_back()
        _stir(everything)
        before, end, plagues = everything.held(), time.monotonic() + seconds, 0
        while time.monotonic() < end:
            everything.plague(random)
            plagues += 1
            time.sleep(BETWEEN_S)  # weather, not waiting
        everything.calm()
        everything.until_all_are_back()
        after, said = everything.held(), everything.said()
        assert everything.gateway.runs and everything.emulators.runs
        counted(
            f"{len(everything.devices)} devices, {plagues} plagues in {seconds:.0f} s,"
            f" gone {said['device_gone']} back {said['device_back']} times; before {before}; after {after}"
        )
        assert set(everything.devices) == everything.back()
        assert said["device_back"] == said["device_gone"] + len(everything.devices)
        assert said["device_gone"] > 0
        assert after.threads <= before.threads + 2  # the pool of threads grows to what was ever wanted at once
        assert after.files <= before.files + 4  # the link to a central that is not there comes and goes,
        assert after.children <= before.children + 1  # and so does a look at a camera
        assert after.megabytes <= before.megabytes + MOST_MORE_MB


def _stir(everything: Everything) -> None:
    """Each device is once unplugged and back before anything is measured: what is loaded only then is loaded."""
    for device in everything.devices:
        everything.weather(device, unplugged=True)
    everything.calm()
    everything.until_all_are_back()


def test_in_bad_weather_for_a_moment_nothing_leaks(tmp_path: Path, counted: Callable[[str], None]) -> None:
    _plague(tmp_path, 5, counted)


@pytest.mark.long
def test_in_bad_weather_for_ten_minutes_nothing_leaks(tmp_path: Path, counted: Callable[[str], None]) -> None:
    _plague(tmp_path, 600, counted)
