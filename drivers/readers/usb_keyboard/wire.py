"""Records of a Linux keyboard, `struct input_event` (devices.md 3), and what its keys type in the US layout.

Seconds and microseconds have the machine's word, so a record has 24 bytes or 16. **Nothing here is checked**, but the
kernel hands over whole records only, and says when it had to drop some.
"""

import struct
from dataclasses import dataclass
from typing import Literal

from drivers.codes import Code, CodeFramer
from drivers.framing import Framer, Verdict

CHECKED = False
Layout = Literal["64", "32"]
LAYOUTS = {"64": struct.Struct("<qqHHi"), "32": struct.Struct("<iiHHi")}
HERE: Layout = "64" if struct.calcsize("l") == LAYOUTS["64"].size // 3 else "32"
"""The layout of this process."""
SYN, KEY, MSC = 0, 1, 4
REPORT, DROPPED = 0, 3
SCAN = 4
UP, DOWN, REPEAT = 0, 1, 2
MOST_TYPE, MOST_CODE = 0x1F, 0x2FF
LATEST_S = 1 << 36
SECOND_US = 1_000_000

ENTER, KEYPAD_ENTER, TAB, CAPS = 28, 96, 15, 58
SHIFTS = frozenset({42, 54})
CHORDS = frozenset({29, 97, 56, 100, 125, 126})
"""Ctrl, Alt, Meta: what is typed with them is no character."""
MUTE = frozenset({69, 70})
"""Num Lock and Scroll Lock, which some readers press first."""
LEFT_ALT, LEFT_SHIFT = 56, 42
KEYPAD = {str(digit): code for digit, code in enumerate((82, 79, 80, 81, 75, 76, 77, 71, 72, 73))}
_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (55, "*", "*"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
    (98, "/", "/"),
    (ENTER, "\r", "\r"),
    (KEYPAD_ENTER, "\r", "\r"),
    (TAB, "\t", "\t"),
)
PLAIN = {first + at: char for first, plain, _ in _ROWS for at, char in enumerate(plain)}
SHIFTED = {first + at: char for first, _, shifted in _ROWS for at, char in enumerate(shifted)}
NO_TEXT = b"\xff"
"""Stands for a key that types no character; no text has it, so that a code with one in it is dropped."""


@dataclass(frozen=True)
class Event:
    """One record."""

    type: int
    code: int
    value: int
    seconds: int = 0
    micro: int = 0
    layout: Layout = "64"

    def to_bytes(self) -> bytes:
        """As the kernel hands it over."""
        return LAYOUTS[self.layout].pack(self.seconds, self.micro, self.type, self.code, self.value)


class Typist:
    """Turns records into the characters that they type."""

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._caps = False

    def typed(self, event: Event) -> bytes:
        """What this record adds to the text; a key that is held repeats nothing."""
        if (event.type, event.code) == (SYN, DROPPED):
            self._held.clear()
            return NO_TEXT
        if event.type != KEY or event.value == REPEAT:
            return b""
        if event.code in SHIFTS | CHORDS:
            (self._held.add if event.value == DOWN else self._held.discard)(event.code)
            return b""
        if event.value == UP or event.code in MUTE:
            return b""
        if event.code == CAPS:
            self._caps = not self._caps
            return b""
        return self._character(event.code)

    def _character(self, code: int) -> bytes:
        if self._held & CHORDS or code not in PLAIN:
            return NO_TEXT
        char = (SHIFTED if self._held & SHIFTS else PLAIN)[code]
        return (char.swapcase() if self._caps else char).encode()


class TypedFramer:
    """Splits what is typed at its end mark; silence ends a code too."""

    def __init__(self, layout: Layout, suffix: bytes) -> None:
        self._events = answer_framer(layout)
        self._typist = Typist()
        self._codes = CodeFramer(suffix)

    @property
    def noise(self) -> int:
        """Bytes skipped so far."""
        return self._events.noise + self._codes.noise

    def feed(self, data: bytes) -> list[Code]:
        """The codes that are complete with these bytes."""
        return [code for event in self._events.feed(data) for code in self._codes.feed(self._typist.typed(event))]

    def flush(self) -> list[Code]:
        """The line fell silent: half a record is noise, a code without end mark is complete."""
        self._events.flush()
        return self._codes.flush()


def question_framer() -> Framer[Event]:
    """A keyboard is asked nothing; whatever it were sent is no question."""
    return Framer(lambda _: 1, 1)


def answer_framer(layout: Layout = "64") -> Framer[Event]:
    """Reads what a keyboard tells."""

    def verdict(window: bytes) -> Verdict[Event]:
        return _event(window, layout)

    return Framer(verdict, LAYOUTS[layout].size)


def _event(window: bytes, layout: Layout) -> Verdict[Event]:
    record = LAYOUTS[layout]
    if len(window) < record.size:
        return None
    seconds, micro, type_, code, value = record.unpack_from(window)
    in_time = 0 <= seconds < LATEST_S and 0 <= micro < SECOND_US
    known = type_ <= MOST_TYPE and code <= MOST_CODE and (type_ != KEY or value in (UP, DOWN, REPEAT))
    return Event(type_, code, value, seconds, micro, layout) if in_time and known else 1
