"""The panel or projector in an emulator: power that takes its time, an input, parts that fail. No I/O, no clock."""

from collections.abc import Mapping, Sequence
from typing import Any

from devices.displays import Power
from drivers.hands import Hand

PARTS = ("fan", "lamp", "temperature", "cover", "filter", "signal", "other")


class Panel:
    """One display, off at first; `slow_polls` are the polls it warms up and cools down for."""

    def __init__(self, sources: Sequence[str], slow_polls: int = 0) -> None:
        self.sources = tuple(sources)
        self.source = self.sources[0]
        self.power: Power = "off"
        self.troubles: dict[str, int] = {}
        """Part -> 1 if it warns, 2 if it failed."""
        self.lamp_h = 0
        self.silent = False
        self._slow = slow_polls
        self._left = 0

    def turn(self, *, on: bool) -> bool:
        """Switch it; False while it cools down or warms up to the contrary."""
        if self.power == ("cooling" if on else "warming"):
            return False
        if on and self.power == "off":
            self._begin("warming")
        elif not on and self.power == "on":
            self._begin("cooling")
        return True

    def choose(self, source: str) -> bool:
        """Switch to an input it has; False while it is not on."""
        if self.power != "on":
            return False
        self.source = source
        return True

    def poll(self) -> None:
        """Time passes."""
        if self.power in ("warming", "cooling"):
            self._left -= 1
            if self._left <= 0:
                self.power = "on" if self.power == "warming" else "off"

    def look(self) -> dict[str, Any]:
        """How it stands."""
        return {
            "power": self.power,
            "source": self.source,
            "sources": list(self.sources),
            "troubles": dict(self.troubles),
            "lamp_h": self.lamp_h,
            "silent": self.silent,
        }

    def hands(self) -> Mapping[str, Hand]:
        """The remote control, what ages or breaks, and ways to misbehave."""
        return {
            "remote": Hand("遥控器：开机或关机", self._remote, {"on": "bool"}),
            "remote_source": Hand("遥控器：换信号源", self._remote_source, {"source": "str"}),
            "warn": Hand("部件警告", lambda part: self._hurt(part, 1), {"part": "str"}),
            "fail": Hand("部件故障", lambda part: self._hurt(part, 2), {"part": "str"}),
            "mend": Hand("全部修好", self.troubles.clear),
            "burn": Hand("灯泡再点亮若干小时", self._burn, {"hours": "int"}),
            "slow": Hand("开关机所需轮询次数", self._slow_down, {"polls": "int"}),
            "silence": Hand("是否装死（不应答）", self._silence, {"on": "bool"}),
        }

    def _begin(self, power: Power) -> None:
        self.power = power
        self._left = self._slow
        if not self._slow:
            self.poll()

    def _remote(self, on: bool) -> None:
        self.turn(on=on)

    def _remote_source(self, source: str) -> None:
        if source not in self.sources:
            raise ValueError(f"no source {source}: there are {', '.join(self.sources)}")
        self.choose(source)

    def _hurt(self, part: str, level: int) -> None:
        if part not in PARTS:
            raise ValueError(f"no part {part}: there are {', '.join(PARTS)}")
        self.troubles[part] = level

    def _burn(self, hours: int) -> None:
        self.lamp_h += max(0, hours)

    def _slow_down(self, polls: int) -> None:
        self._slow = max(0, polls)

    def _silence(self, on: bool) -> None:
        self.silent = on
