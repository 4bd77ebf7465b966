"""Remote help on the box itself: what it does, and what it leaves alone while something must not be disturbed."""

import asyncio
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from devices.errors import DeviceBusy, WishRejected
from devices.health import Heartbeat, LogLine
from drivers.microphones.ffmpeg_input.capture import Capture
from gateway.care import RemoteCare
from gateway.floor import Floor
from gateway.heartbeat import Pulse
from gateway.live_log import TOGETHER_S
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


def shown(live: list[tuple[str, bytes]]) -> list[LogLine]:
    """The lines of the log that went out."""
    assert {topic for topic, _ in live} <= {"gateway/log"}
    return [LogLine.model_validate_json(raw) for _, payload in live for raw in payload.splitlines()]


async def test_the_log_is_shown_for_its_time_ours_alone_and_then_all_is_as_before(tmp_path: Path) -> None:
    live: list[tuple[str, bytes]] = []
    async with box(tmp_path) as it:
        care, usual = care_of(it, live), logging.getLogger().level
        told = await care.log_level("debug", 3600, True)
        assert (told.level, told.seconds, told.live) == ("debug", 300, True)
        logging.getLogger("gateway.bench").debug("one")
        logging.getLogger("mqtt").warning("a library's")
        assert live == []
        await it.later(TOGETHER_S)
        logging.getLogger("drivers.line").info("two")
        await it.later(TOGETHER_S)
        texts = [line.text for line in shown(live)]
        assert texts[0] == "the log is shown to central for 300 s" and {"one", "two"} <= set(texts)
        assert "a library's" not in texts
        await it.later(300)
        assert shown(live)[-1].text == "the log is not shown to central any more"
        assert logging.getLogger().level == usual
        before = len(live)
        logging.getLogger("gateway.bench").error("three")
        await it.later(60)
        assert len(live) == before


async def test_a_flood_of_lines_is_one_message_that_says_how_many_are_left_out(tmp_path: Path) -> None:
    live: list[tuple[str, bytes]] = []
    async with box(tmp_path) as it:
        care = care_of(it, live)
        usual = logging.getLogger().level
        await care.log_level("warning", 60, True)
        assert logging.getLogger().level <= usual
        logging.getLogger("gateway.bench").info("nothing to worry about")
        for number in range(1000):
            logging.getLogger("gateway.bench").warning("%d", number)
        await it.later(TOGETHER_S)
        assert len(live) == 1
        lines = shown(live)
        assert (len(lines), lines[-1].text) == (101, "901 more lines were too many at once")
        await it.later(60)


async def test_diagnostics_say_what_is_at_work_and_no_address(tmp_path: Path) -> None:
    kept: list[bytes] = []

    async def keep(blob: bytes) -> str:
        kept.append(blob)
        return "ab" * 32

    beat = Heartbeat(at=1, uptime_s=1, queue=0, disk_free_mb=1, disk_used=0.1, memory_mb=1, load=0)
    async with box(tmp_path) as it:
        pulse = SimpleNamespace(live=None, beat=lambda: beat)
        care = RemoteCare(it.bench, cast(Pulse, pulse), keep, it.deadlines)
        capture = await Capture.start("rtsp://desk:secret@127.0.0.1:9/main", 16000, 1)
        named = [task.get_name() for task in asyncio.all_tasks()]
        await care.diagnostics()
        await capture.close()
    assert not any("secret" in name for name in named)
    (told,) = map(json.loads, kept)
    assert told["tasks"]["Capture._listen"] == 1 and told["devices"]["wall-a"]["reached"]
    assert "rtsp" not in kept[0].decode()


async def test_no_code_and_no_word_that_was_read_stands_in_the_most_detailed_log(tmp_path: Path) -> None:
    live: list[tuple[str, bytes]] = []
    async with box(tmp_path) as it:
        await care_of(it, live).log_level("debug", 60, True)
        permit = it.permit("permit-0001", 3)
        for code in ("HS-SECRET-77", permit, permit, permit[:-9] + "AAAAAAAAA"):
            before = len(it.lines)
            it.show(code)
            await it.until(lambda before=before: len(it.lines) > before)
        await it.wishes.heard(it.wish("wish-0001", 40), False)
        await it.until(lambda: it.of("wish_refused"))
        await it.later(60)
    lines = shown(live)
    assert "wall-a: wish_refused becomes a line" in {line.text for line in lines}
    said = "\n".join(line.text for line in lines)
    assert "SECRET" not in said and permit[-20:] not in said and permit[:20] not in said
