"""Reports of a USB HID POS reader (devices.md 3): 64 bytes, with the AIM identifier and up to 56 bytes of a code.

**Nothing here is checked** but by USB itself, which repeats a damaged packet. The layout is from one capture (V1).
"""

from dataclasses import dataclass

from drivers.framing import Framer, Verdict

CHECKED = False
REPORT = 0x02
SIZE = 64
DATA = 56
LONGEST_CODE = 8192
"""No symbology holds more; reports that go on longer are noise."""


@dataclass(frozen=True)
class Report:
    """One packet: a code or a piece of one."""

    raw: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.raw

    @property
    def aim(self) -> bytes:
        """Bytes 2 to 4: the AIM identifier, empty if the reader sends none."""
        return self.raw[2:5].strip(b"\0")

    @property
    def data(self) -> bytes:
        """From byte 5, as many as byte 1 says."""
        return self.raw[5 : 5 + self.raw[1]]

    @property
    def more(self) -> bool:
        """Byte 63: another piece follows."""
        return self.raw[63] == 1


def question_framer() -> Framer[Report]:
    """A reader is asked nothing; whatever it were sent is no question."""
    return Framer(lambda _: 1, 1)


def answer_framer() -> Framer[Report]:
    """Reads what a reader sends."""
    return Framer(_report, SIZE)


def report(aim: bytes, data: bytes, more: bool) -> Report:
    """A packet as the reader makes it."""
    return Report(bytes((REPORT, len(data))) + aim.ljust(3, b"\0") + data.ljust(DATA, b"\0") + bytes((0, 0, more)))


def _report(window: bytes) -> Verdict[Report]:
    if window[0] != REPORT or (len(window) > 1 and not 0 < window[1] <= DATA):
        return 1
    if len(window) < SIZE:
        return None
    return Report(window) if window[63] in (0, 1) else 1
