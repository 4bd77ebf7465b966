"""Bytes of GM65-type engines: `7E 00 TYPE LEN ADDR DATA CRC`, answered by `02 00 00 LEN DATA CRC` (devices.md 3).

Settings frames carry a CRC-XMODEM; a host may write AB CD for "unchecked" instead. What the engine reads comes between
the answers as text and an end mark. **Nothing here is checked** in a code; but a code never holds a zero byte, and an
answer always does: what is left of a hurt answer is dropped together with the code that sticks to it.
"""

import binascii
from dataclasses import dataclass

from drivers.codes import SUFFIXES, Code, CodeFramer
from drivers.framing import Framer, Verdict

CHECKED = False
READ, WRITE, SAVE = 0x07, 0x08, 0x09
SUCCESS = 0x00
TRIGGER_ZONE, AIM_ZONE = 0x0002, 0x00D0
ON, AIM_ON = b"\x01", b"\x80"
UNCHECKED = b"\xab\xcd"
QUESTION, ANSWER = b"\x7e\x00", b"\x02\x00"
QUESTION_HEAD, ANSWER_HEAD, CRC = 6, 4, 2
LONGEST_DATA = 255


def crc_xmodem(data: bytes) -> bytes:
    """CRC-XMODEM of devices.md 0.2, as on the wire."""
    return binascii.crc_hqx(data, 0).to_bytes(CRC, "big")


@dataclass(frozen=True)
class Setting:
    """The host reads, writes or saves a zone of settings; `checked` if it took the trouble of a CRC."""

    what: int
    zone: int
    data: bytes
    checked: bool = True

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((self.what, len(self.data))) + self.zone.to_bytes(2, "big") + self.data
        return QUESTION + body + (crc_xmodem(body) if self.checked else UNCHECKED)


@dataclass(frozen=True)
class Reply:
    """The engine did it, or tells what a zone holds."""

    data: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((SUCCESS, len(self.data))) + self.data
        return ANSWER + body + crc_xmodem(body)


Answer = Code | Reply
TRIGGER = Setting(WRITE, TRIGGER_ZONE, ON, checked=False)
"""Read once; published with AB CD."""
SWITCH_AIM_ON = Setting(WRITE, AIM_ZONE, AIM_ON)
DONE = Reply(b"\0")


class AnswerFramer:
    """Tells answers from codes. An answer ends a code that has no end mark, as silence does."""

    def __init__(self, suffix: bytes) -> None:
        self._codes = CodeFramer(suffix)
        self._pending = b""
        self._dropped = 0

    @property
    def noise(self) -> int:
        """Bytes skipped so far."""
        return self._codes.noise + self._dropped

    def feed(self, data: bytes) -> list[Answer]:
        """The answers and codes that are complete with these bytes."""
        self._pending += data
        found: list[Answer] = []
        while self._pending:
            at = self._pending.find(ANSWER[:1])
            found += self._text(self._taken(at if at >= 0 else len(self._pending)))
            reply = _answer(self._pending) if at >= 0 else None
            if reply is None:
                break
            if isinstance(reply, int):
                found += self._text(self._taken(reply))
            else:
                found += self._kept(self._codes.flush())
                self._taken(len(reply.to_bytes()))
                found.append(reply)
        return found

    def flush(self) -> list[Answer]:
        """The line fell silent: half an answer is noise, a code without end mark is complete."""
        return [*self._text(self._taken(len(self._pending))), *self._kept(self._codes.flush())]

    def _taken(self, size: int) -> bytes:
        taken, self._pending = self._pending[:size], self._pending[size:]
        return taken

    def _text(self, data: bytes) -> list[Answer]:
        return self._kept(self._codes.feed(data))

    def _kept(self, codes: list[Code]) -> list[Answer]:
        kept = [code for code in codes if 0 not in code.data]
        self._dropped += sum(len(code.to_bytes()) for code in codes if 0 in code.data)
        return [*kept]


def answer_framer(suffix: str = "cr") -> AnswerFramer:
    """Reads what the engine sends; `suffix` is a name of SUFFIXES."""
    return AnswerFramer(SUFFIXES[suffix])


def question_framer() -> Framer[Setting]:
    """Reads what the host says."""
    return Framer(_question, QUESTION_HEAD + LONGEST_DATA + CRC)


def _answer(window: bytes) -> Verdict[Reply]:
    head = ANSWER + bytes((SUCCESS,))
    if window[: len(head)] != head[: len(window)]:
        return 1
    size = ANSWER_HEAD + window[3] + CRC if len(window) >= ANSWER_HEAD else None
    if size is None or len(window) < size:
        return None
    reply = Reply(window[ANSWER_HEAD : size - CRC])
    return reply if reply.data and reply.to_bytes() == window[:size] else 1


def _question(window: bytes) -> Verdict[Setting]:
    if window[:2] != QUESTION[: len(window)] or (len(window) > 2 and window[2] not in (READ, WRITE, SAVE)):
        return 1
    size = QUESTION_HEAD + window[3] + CRC if len(window) >= QUESTION_HEAD else None
    if size is None or len(window) < size:
        return None
    data = window[QUESTION_HEAD : size - CRC]
    checked = window[size - CRC : size] != UNCHECKED
    setting = Setting(window[2], int.from_bytes(window[4:QUESTION_HEAD], "big"), data, checked)
    return setting if data and setting.to_bytes() == window[:size] else 1
