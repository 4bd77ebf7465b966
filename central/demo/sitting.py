"""A hearing in progress to look at: opened by agenda, spoken at its four seats again and again, closed by itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from central.clock import utc_now
from central.demo.court import PASSWORD
from central.demo.courtroom import TURNS, is_silent, open_room, plan, speak
from central.demo.eyes import Hands, Visitor
from central.demo.stage import Stage

LASTS = timedelta(minutes=15)
_IN = timedelta(seconds=2)
_QUIET_S = 5.0


@dataclass
class Sitting:
    """The people in the courtroom; `devices` is the page of its microphones, `screen` the room's own display."""

    url: str
    devices: Hands
    screen: str
    closes: datetime

    def __post_init__(self) -> None:
        """Each has something to say."""
        self._turns = cycle(TURNS)

    def go_on(self) -> None:
        """The next turn, if nobody speaks and the time that was planned is not over. Raises StepFailed."""
        if utc_now() < self.closes and is_silent(self.devices):
            speak(self.devices, next(self._turns))


def sit(court: Stage) -> Sitting:
    """Have a hearing planned for now in a courtroom of its own. Raises StepFailed, ChildFailed."""
    devices, screen = open_room(court, _QUIET_S)
    with Visitor(court.url, "clerk", PASSWORD) as clerk:
        opens = utc_now() + _IN
        number = plan(court, clerk, opens, opens + LASTS)
    return Sitting(f"{court.url}/hearings/{number}", devices, screen, opens + LASTS)
