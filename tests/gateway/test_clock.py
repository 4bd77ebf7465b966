"""Time: never behind the last line, trusted only for a reason (ledger rule 10)."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.box import ClockChanged
from gateway.clock import Clock, chrony_error_s, chrony_is_synchronised, follow_chrony

NOON = 1_790_000_000.0
SYNCED = "A9FEA97B,169.254.169.123,4,1790000000.1,-0.000012,-0.00001,0.00003,-12.7,0.001,0.02,0.001,0.0002,16.2,Normal"


class Box:
    """A box whose two clocks a test can set."""

    def __init__(self, *, rtc_healthy: bool = False) -> None:
        self.wall, self.mono = NOON, 100.0
        self.clock = Clock(lambda: self.wall, lambda: self.mono, boot="boot", rtc_healthy=rtc_healthy)

    def sleep(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds

    async def next_news(self) -> ClockChanged:
        news = self.clock.watch()
        await anext(news)
        told = await anext(news)
        await news.aclose()
        return told


def test_nothing_is_trusted_without_a_reason_and_a_healthy_clock_chip_is_one() -> None:
    assert not Box().clock.trusted
    assert Box(rtc_healthy=True).clock.source == "rtc"


def test_time_never_runs_behind_the_last_line() -> None:
    box = Box()
    first = box.clock.stamp()
    box.wall -= 3600
    assert box.clock.now() == first.at
    assert box.clock.stamp().at == first.at


def test_a_clock_found_behind_the_journal_runs_on_from_its_last_line_untrusted() -> None:
    box = Box(rtc_healthy=True)
    last = datetime.fromtimestamp(NOON, UTC) + timedelta(days=400)
    box.clock.not_before(last)
    box.sleep(7)
    assert box.clock.now() == last + timedelta(seconds=7)
    assert not box.clock.trusted


async def test_an_ack_for_a_line_of_this_run_gives_trust_and_sets_a_wrong_clock_right() -> None:
    box = Box()
    box.clock.learn(int(NOON) + 500_000, under_way_s=0.2)
    assert box.clock.source == "ack"
    assert abs(box.clock.now().timestamp() - NOON - 500_000) <= 5
    assert (await box.next_news()).step_ms == 500_000_000


def again_after(box: Box, *, boot: str = "boot") -> Clock:
    """The clock of the process that comes after."""
    clock = Clock(lambda: box.wall, lambda: box.mono, boot=boot)
    clock.resume(box.clock.kept())
    return clock


def test_trust_and_correction_outlive_the_process_within_one_boot() -> None:
    box = Box()
    box.clock.learn(int(NOON) + 3600, under_way_s=0.1)
    box.sleep(60)
    again = again_after(box)
    assert again.trusted
    assert again.now().timestamp() == pytest.approx(NOON + 3660, abs=0.01)


def test_trust_ends_with_the_boot_and_with_a_wall_clock_set_while_we_were_down() -> None:
    box = Box()
    assert not again_after(box).trusted
    box.clock.learn(int(NOON), under_way_s=0.1)
    assert not again_after(box, boot="the next boot").trusted
    box.wall += 3600
    assert not again_after(box).trusted


def test_an_ack_that_fits_the_clock_moves_nothing() -> None:
    box = Box()
    box.clock.learn(int(NOON) - 2, under_way_s=4.0)
    assert box.clock.trusted
    assert box.clock.now().timestamp() == NOON


async def test_an_ack_that_was_long_under_way_proves_nothing_and_another_line_is_asked_for() -> None:
    box = Box()
    box.clock.learn(int(NOON), under_way_s=31.0)
    assert not box.clock.trusted
    assert await box.next_news() == ClockChanged(trusted=False, source="none")


async def test_a_step_of_the_wall_clock_is_told_and_takes_trust_away() -> None:
    box = Box(rtc_healthy=True)
    box.sleep(60)
    box.wall += 90
    box.clock.look()
    assert await box.next_news() == ClockChanged(step_ms=90_000, trusted=False, source="none")


async def test_chrony_replaces_our_own_correction_and_its_loss_is_told() -> None:
    box = Box()
    box.clock.learn(int(NOON) + 100, under_way_s=0.0)
    box.clock.synchronised(True)
    assert box.clock.source == "chrony"
    assert box.clock.now().timestamp() == NOON
    box.clock.learn(int(NOON) + 999, under_way_s=0.0)
    assert box.clock.source == "chrony"
    box.clock.synchronised(False)
    assert not box.clock.trusted


def test_what_chrony_says_is_read_with_care() -> None:
    assert chrony_is_synchronised(SYNCED)
    assert not chrony_is_synchronised(SYNCED.replace("Normal", "Not synchronised"))
    assert not chrony_is_synchronised(SYNCED.replace("-0.000012", "12.5"))
    assert not chrony_is_synchronised("506 Cannot talk to daemon")
    assert not chrony_is_synchronised("")


@pytest.mark.parametrize(
    ("tracking", "error_s"),
    [
        (SYNCED, 0.000012 + 0.0002 + 0.001 / 2),
        (SYNCED.replace("Normal", "Not synchronised"), None),
        (SYNCED.replace("0.0002", "nan"), None),
        (SYNCED.replace("0.0002", "much"), None),
        ("506 Cannot talk to daemon", None),
    ],
)
def test_the_bound_of_the_error_is_offset_dispersion_and_half_the_delay(tracking: str, error_s: float | None) -> None:
    assert chrony_error_s(tracking) == (error_s if error_s is None else pytest.approx(error_s))


async def test_without_chrony_nobody_asks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    clock = Clock()
    await asyncio.wait_for(follow_chrony(clock), 30)
    assert not clock.trusted


async def test_a_chrony_that_is_synchronised_gives_trust(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "chronyc"
    program.write_text(f"#!/bin/sh\necho '{SYNCED}'\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    clock = Clock()
    following = asyncio.create_task(follow_chrony(clock))
    news = clock.watch()
    assert (await anext(news)).source == "none"
    assert (await asyncio.wait_for(anext(news), 30)).source == "chrony"
    assert clock.error_s == pytest.approx(0.000712)
    await news.aclose()
    following.cancel()
    await asyncio.wait([following])
