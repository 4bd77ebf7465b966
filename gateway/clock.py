"""The gateway's time: what it is, since when this boot runs, and whether it may decide about expiry (ledger rule 10).

Three sources give trust: chrony's synchronisation, a clock chip the settings call healthy, and the `iat` of an
ack for a line written in this boot. The last is sound because central cannot have signed the ack before it had
the line: at its arrival true time lies between `iat` and `iat` plus the line's time under way. A line that was
under way longer than a wish lives proves too little; then another line is written, whose ack comes sooner.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from devices.box import ClockChanged
from devices.claims import WISH_LIFE_S
from devices.grants import LEEWAY_S
from devices.journal import Stamp

Source = Literal["chrony", "rtc", "ack", "none"]

STEP_S = 1.0
"""Wall and monotonic clock parting by more than this is a step and becomes a line."""
CHECK_S = 10.0
_CHRONY_S = 64.0
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _monotonic() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Clock:
    """Time of this gateway. `wall` (seconds since 1970) and `mono` (seconds since boot) are passed in by tests."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        mono: Callable[[], float] = _monotonic,
        *,
        boot: str | None = None,
        rtc_healthy: bool = False,
    ) -> None:
        self.boot = boot or _BOOT_ID.read_text().strip()
        self.source: Source = "rtc" if rtc_healthy else "none"
        self.error_s: float | None = None
        """True time is at most so far off, by chrony's word; None while it gives none."""
        self.mono = mono
        self._wall = wall
        self._parted = wall() - mono()
        self._correction = 0.0
        self._last_line = datetime.fromtimestamp(0, UTC)
        self._news: list[ClockChanged] = []
        self._told = asyncio.Event()

    @property
    def trusted(self) -> bool:
        """True if expiry may be judged by this clock."""
        return self.source != "none"

    def now(self) -> datetime:
        """UTC, never behind the last line: a clock set back must not bring an expired wish to life."""
        return max(self._corrected(), self._last_line)

    def mono_ms(self) -> int:
        """Milliseconds since boot, suspended time included."""
        return int(self.mono() * 1000)

    def stamp(self) -> Stamp:
        """When a line is written; the next one is not earlier."""
        self._last_line = self.now()
        return Stamp(self._last_line, self.boot, self.mono_ms())

    def not_before(self, at: datetime) -> None:
        """Go on from the last line of the journal. A clock found behind it runs on from there, untrusted."""
        self._last_line = max(at, self._last_line)
        behind = (self._last_line - self._corrected()).total_seconds()
        if behind > STEP_S:
            self._correction += behind
            self.source = "none"

    def learn(self, iat: int, under_way_s: float) -> None:
        """Central signed an ack at `iat` for a line that was first sent `under_way_s` ago, in this run."""
        if self.source == "chrony":
            return
        if under_way_s > WISH_LIFE_S:
            if not self.trusted:
                self._tell(0.0)
            return
        off = self._off(float(iat), under_way_s)
        if off or not self.trusted:
            self._correction += off
            self.source = "ack"
            self._tell(off)

    def kept(self) -> str:
        """What a restart within this boot may go on from; empty while time is not trusted."""
        return f"{self.boot} {self._parted:.3f} {self._correction:.3f}" if self.trusted else ""

    def resume(self, kept: str | None) -> None:
        """Trust goes on if this boot had it and nobody set the wall clock since: only our process has ended."""
        boot, _, numbers = (kept or "").partition(" ")
        if boot != self.boot or self.trusted:
            return
        parted, correction = map(float, numbers.split())
        if abs(self._parted - parted) <= STEP_S:
            self._correction, self.source = correction, "ack"

    def synchronised(self, is_so: bool) -> None:
        """What chrony says. Its word replaces any correction of ours; losing it leaves the clock untrusted."""
        if is_so and self.source != "chrony":
            step, self._correction, self.source = -self._correction, 0.0, "chrony"
            self._tell(step)
        elif not is_so and self.source == "chrony":
            self.source = "none"
            self._tell(0.0)

    def look(self) -> None:
        """Notice if the wall clock was set. A step takes trust away unless chrony made it."""
        parted = self._wall() - self.mono()
        step, self._parted = parted - self._parted, parted
        if abs(step) > STEP_S:
            if self.source != "chrony":
                self.source = "none"
            self._tell(step)

    async def watch(self) -> AsyncIterator[ClockChanged]:
        """What holds at the start, then each step and each change of trust, to be journalled."""
        yield ClockChanged(trusted=self.trusted, source=self.source)
        while True:
            while self._news:
                yield self._news.pop(0)
            self._told.clear()
            try:
                async with asyncio.timeout(CHECK_S):
                    await self._told.wait()
            except TimeoutError:
                self.look()

    def _corrected(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC) + timedelta(seconds=self._correction)

    def _off(self, iat: float, under_way_s: float) -> float:
        ours = self._corrected().timestamp()
        if ours < iat - LEEWAY_S:
            return iat - ours
        latest = iat + 1 + under_way_s
        return latest - ours if ours > latest + LEEWAY_S else 0.0

    def _tell(self, step_s: float) -> None:
        self._news.append(ClockChanged(step_ms=round(step_s * 1000), trusted=self.trusted, source=self.source))
        self._told.set()


async def follow_chrony(clock: Clock) -> None:
    """Ask chrony, if this box has it, whether it is synchronised; runs until cancelled."""
    while True:
        try:
            process = await asyncio.create_subprocess_exec(
                "chronyc", "-c", "tracking", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
            )
        except FileNotFoundError:
            return
        answer, _ = await process.communicate()
        tracking = answer.decode(errors="replace")
        clock.error_s = chrony_error_s(tracking)
        clock.synchronised(chrony_is_synchronised(tracking))
        await asyncio.sleep(_CHRONY_S)


def chrony_error_s(tracking: str) -> float | None:
    """Offset + dispersion + half the delay of `chronyc -c tracking` (devices.md 10); None unless it is synchronised."""
    if not chrony_is_synchronised(tracking):
        return None
    fields = tracking.strip().split(",")
    try:
        offset, delay, dispersion = (float(fields[at]) for at in (4, 10, 11))
    except ValueError:
        return None
    bound = abs(offset) + dispersion + delay / 2
    return bound if 0 <= bound < math.inf else None


def chrony_is_synchronised(tracking: str) -> bool:
    """True if `chronyc -c tracking` tells a reference, less than a second off (fields 3, 5, 14 of its CSV)."""
    fields = tracking.strip().split(",")
    if len(fields) < 14 or fields[13] not in {"Normal", "Insert second", "Delete second"}:
        return False
    try:
        return 0 < int(fields[2]) < 16 and abs(float(fields[4])) < STEP_S
    except ValueError:
        return False
