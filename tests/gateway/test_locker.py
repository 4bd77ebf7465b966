"""A locker works while central and broker are down: permits, PINs, doors left open, slips."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from devices.grants import sign
from gateway.stations.locker import PIN_WITHIN_S, REFUSAL_SHOWN_S
from gateway.stations.panel import Typed
from tests.kit.box import Box, box


async def _type(it: Box, pin: str | None) -> None:
    await it.locker._typed(Typed(pin=pin))


def _state(it: Box) -> str:
    return it.locker.panel.view.state


async def test_a_bearer_permit_opens_its_cell_at_once_and_prints_a_slip(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.show(it.permit("permit-1", 7))
        await it.until(lambda: it.of("door_changed", cell=7, door="open"))
        assert [line.cause for line in it.of("permit_used", cell=7)] == ["permit-1"]
        assert [line.cause for line in it.of("door_changed", cell=7, door="open")] == ["permit-1"]
        assert it.look("wall-a")["releases"]["7"] == 1
        await it.until(lambda: it.of("receipt_printed") or it.of("bytes_handed_over"))
        slip = json.dumps(it.look("slip-a"), ensure_ascii=False)
        assert "7 号" in slip
        assert "permit-1" in slip
        assert [(door.cell, door.late) for door in it.locker.panel.view.doors] == [(7, False)]
        it.hand("wall-a", "shut", cell=7)
        await it.until(lambda: not it.locker.panel.view.doors)


async def test_a_permit_is_never_journaled_and_another_code_is(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        code = it.permit("permit-1", 7)
        it.show(code)
        await it.until(lambda: it.of("permit_used"))
        for marked in (f"]Q1{code}", f"{code} "):  # as some readers are set up
            it.show(marked)
            await it.until(lambda: it.of("permit_refused", why="repeated"))
        it.show("(2026)HS-0001")
        it.show("HS.2026.1")
        await it.until(lambda: it.of("code_read", code="HS.2026.1"))
        assert [line.body["code"] for line in it.of("code_read")] == ["(2026)HS-0001", "HS.2026.1"]
        assert all(code.encode() not in line.raw for line in it.lines)


async def test_a_permit_opens_once_even_across_a_restart(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.show(it.permit("permit-1", 7))
        await it.until(lambda: it.of("permit_used"))
    async with box(tmp_path) as it:
        it.show(it.permit("permit-1", 7))
        await it.until(lambda: it.of("permit_refused", why="repeated", jti="permit-1"))
        assert it.released() == 0


async def test_a_permit_with_a_pin_waits_for_it(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.show(it.permit("permit-1", 7, pin="246810"))
        await it.until(lambda: _state(it) == "pin")
        assert it.locker.panel.view.cell == 7
        assert it.released() == 0
        await _type(it, "246810")
        await it.until(lambda: it.of("door_changed", cell=7, door="open"))
        assert _state(it) == "idle"


async def test_a_pin_not_typed_within_a_minute_is_forgotten(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.show(it.permit("permit-1", 7, pin="246810"))
        await it.until(lambda: _state(it) == "pin")
        await it.later(PIN_WITHIN_S + 1)
        assert _state(it) == "idle"
        await _type(it, "246810")
        assert not it.of("permit_used")
        assert it.released() == 0


async def test_five_wrong_pins_lock_the_permit_out_for_good(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.show(it.permit("permit-1", 7, pin="246810"))
        await it.until(lambda: _state(it) == "pin")
        for left in (4, 3, 2, 1):
            await _type(it, "000000")
            assert it.locker.panel.view.tries == left
        await _type(it, "000000")
        assert it.locker.panel.view.why == "locked_out"
        assert [line.body["why"] for line in it.of("permit_refused")] == ["wrong_pin"] * 4 + ["locked_out"]
        await it.later(REFUSAL_SHOWN_S + 1)
        it.show(it.permit("permit-1", 7, pin="246810"))
        await it.until(lambda: _state(it) == "refused")
        assert it.locker.panel.view.why == "locked_out"
        await _type(it, "246810")
        assert it.released() == 0


async def test_a_permit_that_opened_its_cell_is_refused_before_a_pin_is_asked_for(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.show(it.permit("permit-1", 7, pin="246810"))
        await it.until(lambda: _state(it) == "pin")
        await _type(it, "246810")
        await it.until(lambda: it.of("permit_used"))
        it.show(it.permit("permit-1", 7, pin="246810"))
        await it.until(lambda: it.of("permit_refused", why="repeated", jti="permit-1"))
        assert _state(it) == "refused" and it.locker.panel.view.why == "repeated"


async def test_going_back_forgets_the_permit_that_waited(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.show(it.permit("permit-1", 7, pin="246810"))
        await it.until(lambda: _state(it) == "pin")
        await _type(it, None)
        await _type(it, "246810")
        assert _state(it) == "idle"
        assert it.released() == 0


async def _is_refused(it: Box, code: str, why: str, jti: str | None = "permit-1") -> None:
    it.show(code)
    await it.until(lambda: it.of("permit_refused"))
    assert [(line.body["why"], line.body.get("jti")) for line in it.of("permit_refused")] == [(why, jti)]
    assert (_state(it), it.locker.panel.view.why) == ("refused", why)
    await it.later(REFUSAL_SHOWN_S + 1)
    assert _state(it) == "idle"
    assert it.released() == 0


async def test_an_expired_permit_is_refused(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await _is_refused(it, it.permit("permit-1", 7, exp=int(time.time()) - 60), "expired")


async def test_a_permit_that_expires_while_its_pin_is_typed_is_refused(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.show(it.permit("permit-1", 7, pin="246810", exp=int(time.time()) + 60))
        await it.until(lambda: _state(it) == "pin")
        it.clock.learn(int(time.time()) + 120, 0.0)
        await _type(it, "246810")
        assert it.of("permit_refused", why="expired", jti="permit-1")
        assert it.released() == 0


async def test_a_permit_for_another_gateway_is_refused(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await _is_refused(it, it.permit("permit-1", 7, aud="locker-b"), "not_for_us")


async def test_a_permit_for_a_cell_that_is_not_here_is_refused(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await _is_refused(it, it.permit("permit-1", 77), "rejected")


async def test_a_permit_for_another_wall_is_refused(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await _is_refused(it, it.permit("permit-1", 7, at="wall-b/7"), "unknown_device")


async def test_a_permit_nobody_signed_is_refused_and_its_id_is_not_repeated(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        claims = {"iss": "huishan", "aud": "locker-a", "jti": "permit-1", "exp": 4_000_000_000, "at": "wall-a/7"}
        await _is_refused(it, sign("permit", claims, Ed25519PrivateKey.generate()), "forged", None)


async def test_a_wish_shown_as_a_permit_opens_nothing(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await _is_refused(it, it.wish("wish-0001", 7), "forged", None)


async def test_a_permit_is_refused_while_the_clock_is_not_trusted(tmp_path: Path) -> None:
    async with box(tmp_path, trusted=False) as it:
        await _is_refused(it, it.permit("permit-1", 7), "clock_not_trusted")


async def test_a_permit_stays_good_while_the_lock_does_not_answer(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await it.cables["wall-a"].unplug()
        await it.until(lambda: it.of("device_gone"))
        await _is_refused(it, it.permit("permit-1", 7), "device_offline")
        await it.cables["wall-a"].plug()
        await it.until(lambda: "wall-a" in it.bench._reached)
        it.show(it.permit("permit-1", 7))
        await it.until(lambda: it.of("permit_used"))


async def test_a_door_left_open_is_told_once_with_whose_opening_it_was(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.show(it.permit("permit-1", 7))
        await it.until(lambda: it.locker.panel.view.doors)  # from here on its time runs
        await it.later(59)
        assert not it.of("door_left_open")
        await it.later(2)
        await it.until(lambda: it.of("door_left_open"))
        await it.later(600)
        assert [(line.cause, line.body) for line in it.of("door_left_open")] == [
            ("permit-1", {"cell": 7, "seconds": 60})
        ]
        assert it.locker.panel.view.doors[0].late


async def test_a_door_shut_in_time_is_not_told(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        it.hand("wall-a", "force", cell=2)
        await it.until(lambda: it.locker.panel.view.doors)
        it.hand("wall-a", "shut", cell=2)
        await it.until(lambda: not it.locker.panel.view.doors)
        await it.later(600)
        assert not it.of("door_left_open")


async def test_without_paper_the_cell_opens_all_the_same(tmp_path: Path) -> None:
    async with box(tmp_path) as it:
        await it.cables["slip-a"].unplug()
        await it.until(lambda: it.of("device_gone"))
        it.show(it.permit("permit-1", 7))
        await it.until(lambda: it.of("door_changed", cell=7, door="open"))
        assert not it.of("permit_refused")


@asynccontextmanager
async def _display(it: Box, path: Path) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async def nobody() -> None:
        return

    serving = asyncio.create_task(it.locker.panel.serve(path, nobody))
    await it.until(path.exists)
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        yield reader, writer
    finally:
        writer.close()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def _view(reader: asyncio.StreamReader) -> dict[str, Any]:
    async with asyncio.timeout(30):
        told: dict[str, Any] = json.loads(await reader.readline())
    return told


async def test_the_display_hears_each_view_over_its_socket_and_types_the_pin(tmp_path: Path) -> None:
    async with box(tmp_path) as it, _display(it, tmp_path / "screen") as (reader, writer):
        assert (await _view(reader))["state"] == "idle"
        it.show(it.permit("permit-1", 7, pin="246810"))
        assert await _view(reader) == {"state": "pin", "cell": 7, "seconds": PIN_WITHIN_S, "doors": []}
        writer.write(b"no json\n" + b'{"pin":"letters"}\n' + b'{"pin":"246810"}\n')
        seen = []
        while not seen or not seen[-1]["doors"]:
            seen.append(await _view(reader))
        assert seen[-1]["doors"] == [{"bank": "wall-a", "cell": 7, "late": False}]
        assert (tmp_path / "screen").stat().st_mode & 0o777 == 0o600
