"""Bytes of Chafon UHF readers: `LEN ADDR CMD DATA CRC`, answered by `LEN ADDR CMD STATUS DATA CRC` (devices.md 2c).

LEN counts what follows it; the CRC is CRC-MCRF, low byte first. No byte marks a start: a length is believed only if the
command allows it, or, of a list of tags, if the list adds up to it. So a hurt length is known early, and what is inside
a hurt frame would need a CRC of its own to be believed.
"""

from dataclasses import dataclass
from typing import Literal

from drivers.framing import Framer, Verdict

CHECKED = True
Model = Literal["18", "288"]
INVENTORY, INFO = 0x01, 0x21
ANY_ADDRESS = 0xFF
OK, COMPLETE, TIMED_OUT, MORE, MEMORY_FULL, ANTENNA_FAULT, NO_TAG = 0x00, 0x01, 0x02, 0x03, 0x04, 0xF8, 0xFB
LISTS = frozenset({OK, COMPLETE, TIMED_OUT, MORE, MEMORY_FULL})
"""States that bring a list of tags; the others stand alone."""
QUESTION_DATA = {INVENTORY: (0, 9), INFO: (0,)}
INFO_DATA = 12
CRC = 2
QUESTION_HEAD, ANSWER_HEAD = 3, 4
LONGEST = 256
LONGEST_EPC = 62
BESIDE: dict[Model, int] = {"18": 0, "288": 1}
"""Bytes before the count of a list (antennas), and behind each EPC (signal strength)."""
Q_SESSION_MASK_TARGET = bytes((15, 0, 1, 0, 0, 0, 0))
FIRST_ANTENNA, SCAN = 0x80, 0x14
"""The choices of the one 288 inventory that was published."""


def crc_mcrf(data: bytes) -> bytes:
    """CRC-MCRF of devices.md 0.2, as on the wire."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc.to_bytes(CRC, "little")


@dataclass(frozen=True)
class Question:
    """What the host asks."""

    address: int
    command: int
    data: bytes = b""

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return _framed(bytes((self.address, self.command)) + self.data)


@dataclass(frozen=True)
class Answer:
    """What a reader answers."""

    address: int
    command: int
    status: int
    data: bytes = b""

    def to_bytes(self) -> bytes:
        """As on the wire."""
        return _framed(bytes((self.address, self.command, self.status)) + self.data)

    def epcs(self, model: Model) -> list[bytes]:
        """The EPCs of a list of tags; none in any other answer."""
        if self.command != INVENTORY or not _adds_up(model, self.data, len(self.data)):
            return []
        at, beside = BESIDE[model] + 1, BESIDE[model]
        found = []
        while at < len(self.data):
            end = at + 1 + self.data[at]
            found.append(self.data[at + 1 : end])
            at = end + beside
        return found


def inventory(address: int, model: Model, antenna: int) -> bytes:
    """Ask for the tags in the field; an 18 takes no choices. Antenna from 1."""
    choices = Q_SESSION_MASK_TARGET + bytes((FIRST_ANTENNA + antenna - 1, SCAN))
    return Question(address, INVENTORY, choices if model == "288" else b"").to_bytes()


def tags(address: int, model: Model, status: int, epcs: list[bytes], rssi: int) -> Answer:
    """What a reader says of the tags it heard, on its first antenna."""
    before, behind = (b"\x01", bytes((rssi,))) if model == "288" else (b"", b"")
    items = b"".join(bytes((len(epc),)) + epc + behind for epc in epcs)
    return Answer(address, INVENTORY, status, before + bytes((len(epcs),)) + items)


def question_framer() -> Framer[Question]:
    """Reads what the host says."""
    return Framer(_question, LONGEST)


def answer_framer() -> Framer[Answer]:
    """Reads what either model says."""
    return Framer(_answer, LONGEST)


def _framed(body: bytes) -> bytes:
    frame = bytes((len(body) + CRC,)) + body
    return frame + crc_mcrf(frame)


def _adds_up(model: Model, data: bytes, size: int) -> bool | None:
    """Is this the start of a list of tags that fills `size` bytes? None: more bytes must tell."""
    at = BESIDE[model]
    if at >= min(size, len(data)):
        return None if at < size else False
    count = data[at]
    at += 1
    for _ in range(count):
        if at >= min(size, len(data)):
            return None if at < size else False
        if data[at] % 2 or not 0 < data[at] <= LONGEST_EPC:
            return False
        at += 1 + data[at] + BESIDE[model]
    return at == size


def _question(window: bytes) -> Verdict[Question]:
    if len(window) < QUESTION_HEAD:
        return None
    size = window[0] + 1
    if size - QUESTION_HEAD - CRC not in QUESTION_DATA.get(window[2], ()):
        return 1
    if len(window) < size:
        return None
    frame = window[:size]
    question = Question(frame[1], frame[2], frame[QUESTION_HEAD:-CRC])
    return question if question.to_bytes() == frame else 1


def _answer(window: bytes) -> Verdict[Answer]:
    size = window[0] + 1
    if size < ANSWER_HEAD + CRC:
        return 1
    holds = _size_holds(window, size - ANSWER_HEAD - CRC) if len(window) >= ANSWER_HEAD else None
    if holds is False:
        return 1
    if holds is None or len(window) < size:
        return None
    frame = window[:size]
    answer = Answer(frame[1], frame[2], frame[3], frame[ANSWER_HEAD:-CRC])
    return answer if answer.to_bytes() == frame else 1


def _size_holds(window: bytes, size: int) -> bool | None:
    command, status, data = window[2], window[3], window[ANSWER_HEAD : ANSWER_HEAD + size]
    if command == INFO:
        return size == INFO_DATA
    if command != INVENTORY or size == 0 or status not in LISTS:
        return command == INVENTORY and size == 0
    either = _adds_up("18", data, size), _adds_up("288", data, size)
    return True if True in either else None if None in either else False
