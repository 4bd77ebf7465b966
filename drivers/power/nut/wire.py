"""Lines of a NUT server, ended by LF (devices.md 9a).

`GET VAR UPS NAME` is answered by `VAR UPS NAME "VALUE"` or `ERR WHY`.
**Nothing here is checked** but by TCP.
"""

import re
from dataclasses import dataclass

from drivers.framing import Framer, Verdict

CHECKED = False
STATUS = "ups.status"
STALE, UNKNOWN_UPS = "DATA-STALE", "UNKNOWN-UPS"
LONGEST = 512
_NO_TEXT = re.compile(rb"[^ -~\n]")


@dataclass(frozen=True)
class Frame:
    """One line, without its end."""

    text: str

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return self.text.encode("ascii") + b"\n"

    @property
    def error(self) -> str | None:
        """What a server says is wrong; None if the line is no error."""
        return self.text.split()[1] if re.match(r"ERR \S", self.text) else None


def get(ups: str, name: str) -> Frame:
    """Ask for a variable."""
    return Frame(f"GET VAR {ups} {name}")


def var(ups: str, name: str, value: str) -> Frame:
    """A variable's value; no status holds a quotation mark."""
    return Frame(f'VAR {ups} {name} "{value}"')


def value_of(said: Frame, ups: str, name: str) -> str | None:
    """The value a line tells of that variable; None if it tells none."""
    found = re.fullmatch(rf'VAR {re.escape(ups)} {re.escape(name)} "([^"]*)"', said.text)
    return found[1] if found else None


def question_framer() -> Framer[Frame]:
    """Reads what the host says."""
    return Framer(_line, LONGEST)


def answer_framer() -> Framer[Frame]:
    """Reads what a server says."""
    return Framer(_line, LONGEST)


def _line(window: bytes) -> Verdict[Frame]:
    end = window.find(b"\n")
    hurt = _NO_TEXT.search(window, 0, end if end >= 0 else len(window))
    if hurt or end == 0:
        return hurt.end() if hurt else 1
    if end < 0:
        return None if len(window) < LONGEST else LONGEST
    return Frame(window[:end].decode("ascii"))
