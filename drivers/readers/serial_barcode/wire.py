"""Bytes of readers that send a code and an end mark (devices.md 3); Honeywell-style triggers the other way.

**Nothing here is checked.** The protocol has no sum and no length: a flipped bit in a code is another code. What can be
done is done elsewhere: a reader that is triggered by us reads every code twice (`driver.py`), and with AIM identifiers
switched on a code that lost its head is known by the missing one.
"""

from dataclasses import dataclass

from drivers.codes import SUFFIXES, CodeFramer
from drivers.framing import Framer, Verdict

CHECKED = False
TRIGGER, UNTRIGGER = b"\x16\x54\x0d", b"\x16\x55\x0d"


@dataclass(frozen=True)
class Trigger:
    """The host switches reading on or off."""

    on: bool

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return TRIGGER if self.on else UNTRIGGER


def answer_framer(suffix: str = "cr") -> CodeFramer:
    """Reads what the reader sends; `suffix` is a name of SUFFIXES."""
    return CodeFramer(SUFFIXES[suffix])


def question_framer() -> Framer[Trigger]:
    """Reads what the host says."""
    return Framer(_trigger, len(TRIGGER))


def _trigger(window: bytes) -> Verdict[Trigger]:
    for frame in (TRIGGER, UNTRIGGER):
        if window.startswith(frame):
            return Trigger(on=frame == TRIGGER)
        if frame.startswith(window):
            return None
    return 1
