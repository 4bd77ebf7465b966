"""Remote help on the box itself: what it does, and what it leaves alone while something must not be disturbed."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from devices.errors import DeviceBusy, WishRejected
from gateway.care import RemoteCare
from gateway.floor import Floor
from gateway.heartbeat import Pulse
from tests.kit.box import Box, box


class Restarts:
    """A floor that only counts."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def restart(self, name: str) -> None:
        """Let one device go and reach it anew."""
        self.names.append(name)


async def _keep(blob: bytes) -> str:
    raise AssertionError(f"nobody asked for {len(blob)} bytes to be kept")


def care_of(it: Box, live: list[tuple[str, bytes]]) -> RemoteCare:
    """The care of a box whose live lines land in `live`."""
    pulse = SimpleNamespace(live=lambda device, stream, payload: live.append((f"{device}/{stream}", payload)))
    return RemoteCare(it.bench, cast(Pulse, pulse), _keep, it.deadlines)


async def test_a_device_at_work_is_not_let_go_in_a_hearing_and_one_that_is_gone_is(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        care, floor = care_of(it, []), Restarts()
        care.floor = cast(Floor, floor)
        it.bench.busy("hearing", is_so=True)
        with pytest.raises(DeviceBusy):
            await care.test("wall-a")
        await it.cables["wall-a"].unplug()
        await it.until(lambda: "wall-a" not in it.bench.reached_names)
        await it.cables["wall-a"].plug()
        await care.test("wall-a")
        it.bench.busy("hearing", is_so=False)
        await care.test("slip-a")
        with pytest.raises(WishRejected):
            await care.test("wall-z")
        assert floor.names == ["wall-a", "slip-a"]
