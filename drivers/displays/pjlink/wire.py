"""Lines of PJLink, ended by CR: `%1POWR 1`, `%1POWR=OK`, and the greeting of a connection (devices.md 6a).

**Nothing here is checked**, but all of it travels by TCP. With a password the MD5 of greeting and password stands
before the first command of a connection, and before no other.
"""

import hashlib
import re
from dataclasses import dataclass

from devices.displays import Part, Power
from drivers.framing import Framer, Verdict

CHECKED = False
END = b"\r"
LONGEST_PARAMETER = 128
LONGEST_QUESTION = 32 + 7 + LONGEST_PARAMETER + 1
LONGEST_ANSWER = 7 + LONGEST_PARAMETER + 1
POWERS: dict[bytes, Power] = {b"0": "off", b"1": "on", b"2": "cooling", b"3": "warming"}
INPUTS = {b"1": "rgb", b"2": "video", b"3": "digital", b"4": "storage", b"5": "network", b"6": "internal"}
PARTS: tuple[Part, ...] = ("fan", "lamp", "temperature", "cover", "filter", "other")
"""In the order of the six digits of ERST."""
UNDEFINED, BAD_PARAMETER, NOT_NOW, FAILURE = b"ERR1", b"ERR2", b"ERR3", b"ERR4"
CLASS_TWO = frozenset({b"FREZ", b"FILT"})
"""Commands of class 2 that are used here."""
LIVE, FROZEN = b"0", b"1"
SEARCH = b"%2SRCH" + END
"""By UDP, to everybody: who is there?"""
_PLAIN = rb"[^\x00-\x1f]{0,%d}" % LONGEST_PARAMETER
_QUESTION = re.compile(rb"([0-9a-f]{32})?%([12])([A-Z0-9]{4}) (" + _PLAIN + rb")\r")
_ANSWER = re.compile(rb"%([12])([A-Z0-9]{4})=(" + _PLAIN + rb")\r")
_FOUND = re.compile(rb"%2ACKN=([0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5})\r?")
_GREETING = re.compile(rb"PJLINK (0|1 [0-9a-fA-F]{8}|ERRA)\r")


@dataclass(frozen=True)
class Question:
    """A command with its parameter, `?` to ask; `digest` on the first one of a connection with a password."""

    command: bytes
    parameter: bytes = b"?"
    class_: bytes = b"1"
    digest: bytes = b""

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.digest + b"%" + self.class_ + self.command + b" " + self.parameter + END


@dataclass(frozen=True)
class Answer:
    """OK, a value or ERR1 to ERR4."""

    command: bytes
    value: bytes
    class_: bytes = b"1"

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return b"%" + self.class_ + self.command + b"=" + self.value + END


@dataclass(frozen=True)
class Greeting:
    """The first line of a connection: `0`, or `1` and eight characters; or `ERRA`: the password is wrong."""

    told: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return b"PJLINK " + self.told + END

    @property
    def refused(self) -> bool:
        """The password is wrong."""
        return self.told == b"ERRA"

    @property
    def seed(self) -> bytes:
        """What the password is mixed with; empty if none is asked for."""
        return self.told[2:] if self.told.startswith(b"1") else b""

    def digest(self, password: str) -> bytes:
        """What goes before the first command."""
        return hashlib.md5(self.seed + password.encode(), usedforsecurity=False).hexdigest().encode()


Heard = Answer | Greeting


def source_of(value: bytes) -> str | None:
    """`31` is `digital-1`; None for what is no input."""
    name = INPUTS.get(value[:1])
    return f"{name}-{value[1:].decode().lower()}" if name and re.fullmatch(rb"[1-9A-Z]", value[1:]) else None


def input_of(source: str) -> bytes | None:
    """`digital-1` is `31`; None for what PJLink has no number for."""
    kind, _, number = source.partition("-")
    digit = next((digit for digit, name in INPUTS.items() if name == kind), None)
    return digit + number.upper().encode() if digit and re.fullmatch(r"[1-9a-z]", number) else None


def troubles_of(value: bytes) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Parts that warn and parts that failed, of the six digits of ERST; none of what is no such answer."""
    if not re.fullmatch(rb"[0-2]{6}", value):
        return (), ()
    states = list(zip(PARTS, value.decode(), strict=True))
    warns, fails = (tuple(part for part, state in states if state == level) for level in "12")
    return warns, fails


def lamp_hours(value: bytes) -> int | None:
    """Of the oldest lamp, of up to eight pairs `hours state`; None without a lamp."""
    if not re.fullmatch(rb"\d{1,5} [01]( \d{1,5} [01]){0,7}", value):
        return None
    return max(int(hours) for hours in value.split()[::2])


def filter_hours(value: bytes) -> int | None:
    """Of FILT; None without a filter."""
    return int(value) if re.fullmatch(rb"\d{1,5}", value) else None


def found(mac: str) -> bytes:
    """The answer to SEARCH: the display's hardware address."""
    return b"%2ACKN=" + mac.encode() + END


def found_of(datagram: bytes) -> str | None:
    """Whose hardware address that is, in lower case; None for any other datagram."""
    told = _FOUND.fullmatch(datagram)
    return told[1].decode().lower() if told else None


def question_framer() -> Framer[Question]:
    """Reads what a display receives."""
    return Framer(_question, LONGEST_QUESTION)


def answer_framer() -> Framer[Heard]:
    """Reads what a display sends."""
    return Framer(_heard, LONGEST_ANSWER)


def _question(window: bytes) -> Verdict[Question]:
    if window[:1] not in b"%0123456789abcdef":
        return 1
    if END not in window:
        return None if len(window) < LONGEST_QUESTION else 1
    found = _QUESTION.match(window)
    return Question(found[3], found[4], found[2], found[1] or b"") if found else 1


def _heard(window: bytes) -> Verdict[Heard]:
    if window[:1] not in b"%P":
        return 1
    if END not in window:
        return None if len(window) < LONGEST_ANSWER else 1
    if greeting := _GREETING.match(window):
        return Greeting(greeting[1])
    found = _ANSWER.match(window)
    return Answer(found[2], found[3], found[1]) if found else 1
