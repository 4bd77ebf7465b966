"""What people in the room see: how it stands, whose microphone is dead, and what is to be done now; no central."""

import re
import wave
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from devices.agenda import Agenda, AgendaHearing, Role
from devices.procedure import PauseReason
from gateway.hearing.display import RoomView, SeatSounds, Stands, State, Task, view
from tests.kit.hall import Hall, hall

WORDS = Path(__file__).parents[2] / "gateway/screen/assets/courtroom/words.js"


def seen(it: Hall) -> RoomView:
    return view(it.courtroom.room, it.stands())


async def sees(it: Hall, state: str, task: str) -> RoomView:
    return await it.until(lambda: (now := seen(it)) and (now.state, now.task) == (state, task) and now)  # type: ignore[no-any-return]


def plan(it: Hall, from_s: float = 600, **told: Any) -> None:
    opens = it.now() + timedelta(seconds=from_s)
    seats: dict[str, Role] = {"judge": "presiding_judge"}
    planned = AgendaHearing(
        hearing="h-1", room="court-3", opens_at=opens, closes_at=opens + timedelta(hours=1), seats=seats, **told
    )
    it.courtroom.arming.agenda = Agenda(hearings=(planned,))


async def test_it_follows_the_hearing_and_names_it_by_its_reference_alone(tmp_path: Path) -> None:
    async with hall(tmp_path) as it:
        quiet = [("judge", "heard"), ("clerk", "heard")]
        await it.until(lambda: [(one.seat, one.sounds) for one in seen(it).seats] == quiet)
        assert (await sees(it, "idle", "idle")).hearing is None
        plan(it, closed=True)
        armed = await sees(it, "armed", "armed")
        assert (armed.hearing, armed.not_public, armed.opened_at) == ("h-1", True, None)
        assert armed.opens_at is not None
        await it.courtroom.open("h-1")
        open_now = await sees(it, "recording", "recording")
        assert [(one.role, (one.db or 0) < -60) for one in open_now.seats] == [("presiding_judge", True), (None, True)]
        assert (open_now.opens_at, open_now.disk_hours > 0, open_now.clock_trusted) == (None, True, True)
        await it.courtroom.pause("h-1", "mediation")
        assert (await sees(it, "paused", "paused")).reason == "mediation"
        await it.courtroom.resume("h-1")
        await sees(it, "recording", "recording")
        await it.courtroom.close("h-1")
        await sees(it, "idle", "idle")


async def test_a_dead_microphone_is_named_while_the_others_go_on(tmp_path: Path) -> None:
    sound = tmp_path / "half.wav"
    with wave.open(str(sound), "wb") as wav:
        wav.setnchannels(2)
        wav.setsampwidth(2)
        wav.setframerate(16000)
        wav.writeframes(bytes((0, 64, 0, 0)) * 16000 * 60)
    async with hall(tmp_path, port=f"file:{sound}") as it:
        plan(it, -1)
        now = await sees(it, "recording", "seats_dead")
        assert [(one.seat, one.sounds) for one in now.seats] == [("judge", "speaks"), ("clerk", "no_signal")]
        await it.courtroom.close("h-1")


async def test_when_no_sound_comes_it_says_so_and_shows_no_old_level(tmp_path: Path) -> None:
    async with hall(tmp_path, seconds=3) as it:  # the source ends, and is a device that is gone
        plan(it, -1)
        await sees(it, "recording", "recording")
        broken = await sees(it, "broken", "no_sound")
        assert [(one.sounds, one.db) for one in broken.seats] == [("device_gone", None)] * 2
        await it.courtroom.close("h-1")


WRONG: dict[str, Callable[[Stands], Stands]] = {
    "disk_full": lambda stands: replace(stands, faults={"disk_full"}),
    "clock_unset": lambda stands: replace(stands, clock_trusted=False),
    "tickets": lambda stands: replace(stands, tickets=True),
    "disk_short": lambda stands: replace(stands, free_bytes=10_000_000),
    "long_silence": lambda stands: replace(stands, faults={"long_silence"}),
}


async def test_each_thing_that_is_wrong_has_its_task_and_the_gravest_comes_first(tmp_path: Path) -> None:
    async with hall(tmp_path, model=tmp_path / "not-there") as it:
        plan(it)
        await sees(it, "armed", "no_model")
        stands = it.stands()
        for task, change in WRONG.items():
            assert view(it.courtroom.room, change(stands)).task == task
        worse = replace(stands, faults={"disk_full", "long_silence"}, tickets=True, clock_trusted=False)
        assert view(it.courtroom.room, worse).task == "disk_full"


@pytest.mark.parametrize("named", [Task, SeatSounds, State, Role, PauseReason], ids=str)
def test_the_page_has_words_for_it_in_both_languages(named: Any) -> None:
    words = WORDS.read_text("utf-8")
    assert [name for name in get_args(named) if len(re.findall(rf"\b{name}: ", words)) < 2] == []
