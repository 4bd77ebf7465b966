"""Lines of LG panels: `ka 01 01` CR, answered by `a 01 OK01x` or `a 01 NG01x` (devices.md 6c).

**Nothing here is checked**, so what matters is read twice. The answer names the second letter of its command only.
"""

import re
from dataclasses import dataclass

from drivers.framing import Framer, Verdict

CHECKED = False
POWER, SOURCE = "ka", "xb"
READ = 0xFF
SOURCES = {0x90: "hdmi-1", 0x91: "hdmi-2", 0x60: "rgb", 0x70: "dvi", 0xC0: "dp"}
QUESTION, ANSWER = 9, 10
_QUESTION = re.compile(rb"([a-z]{2}) ([0-9A-F]{2}) ([0-9A-F]{2})\r")
_ANSWER = re.compile(rb"([a-z]) ([0-9A-F]{2}) (OK|NG)([0-9A-F]{2})x")
_LETTERS = frozenset(range(ord("a"), ord("z") + 1))


@dataclass(frozen=True)
class Question:
    """A command to one panel; FF asks."""

    command: str
    panel: int
    value: int = READ

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return f"{self.command} {self.panel:02X} {self.value:02X}\r".encode()


@dataclass(frozen=True)
class Answer:
    """What a panel says to a command."""

    letter: str
    panel: int
    ok: bool
    value: int

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return f"{self.letter} {self.panel:02X} {'OK' if self.ok else 'NG'}{self.value:02X}x".encode()


def question_framer() -> Framer[Question]:
    """Reads what panels receive."""
    return Framer(_question, QUESTION)


def answer_framer() -> Framer[Answer]:
    """Reads what panels send."""
    return Framer(_answer, ANSWER)


def _question(window: bytes) -> Verdict[Question]:
    if window[0] not in _LETTERS:
        return 1
    if len(window) < QUESTION:
        return None
    found = _QUESTION.match(window)
    return Question(found[1].decode(), int(found[2], 16), int(found[3], 16)) if found else 1


def _answer(window: bytes) -> Verdict[Answer]:
    if window[0] not in _LETTERS:
        return 1
    if len(window) < ANSWER:
        return None
    found = _ANSWER.match(window)
    return Answer(found[1].decode(), int(found[2], 16), found[3] == b"OK", int(found[4], 16)) if found else 1
