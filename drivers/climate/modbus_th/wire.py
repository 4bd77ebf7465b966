"""Bytes of a Modbus RTU temperature and humidity sensor: `UNIT FUNCTION DATA CRC`, by pymodbus (devices.md 9b).

Function 03 or 04 reads one or two registers; an exception is the function with 80 added and a code. The CRC covers
everything before it, low byte first.
"""

from dataclasses import dataclass

from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersResponse

from drivers.framing import Framer, Verdict

CHECKED = True
READ_HOLDING, READ_INPUT = 0x03, 0x04
EXCEPTION = 0x80
MOST = 2
"""Registers in a frame; what claims to hold more is none of ours, and is not waited for."""
QUESTION, LONGEST = 8, 9
_READS = frozenset({READ_HOLDING, READ_INPUT})


@dataclass(frozen=True)
class Frame:
    """A question or an answer; `data` is what stands between function and CRC."""

    unit: int
    function: int
    data: bytes

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((self.unit, self.function)) + self.data
        return body + FramerRTU.compute_CRC(body).to_bytes(2, "big")  # its words are already the wire's way round

    @property
    def values(self) -> list[int]:
        """Of an answer: the registers, each with its sign."""
        answer = ReadInputRegistersResponse()
        answer.decode(self.data)
        return [word - 0x10000 if word & 0x8000 else word for word in answer.registers]

    @property
    def first(self) -> int:
        """Of a question: the first register asked for."""
        return int.from_bytes(self.data[:2], "big")

    @property
    def count(self) -> int:
        """Of a question: how many registers."""
        return int.from_bytes(self.data[2:4], "big")


def read(unit: int, function: int, first: int, count: int) -> Frame:
    """Ask for some registers."""
    return Frame(unit, function, ReadHoldingRegistersRequest(address=first, count=count).encode())


def told(unit: int, function: int, values: list[int]) -> Frame:
    """Those registers, as a sensor tells them."""
    answer = ReadInputRegistersResponse(registers=[value & 0xFFFF for value in values])
    return Frame(unit, function, answer.encode())


def answers(question: Frame, answer: Frame) -> bool:
    """True if the frame is this question's answer, an exception too."""
    if answer.unit != question.unit or answer.function & ~EXCEPTION != question.function:
        return False
    return bool(answer.function & EXCEPTION) or answer.data[0] == 2 * question.count


def question_framer() -> Framer[Frame]:
    """Reads what the gateway says."""
    return Framer(lambda window: _verdict(window, _question_length(window)), LONGEST)


def answer_framer() -> Framer[Frame]:
    """Reads what sensors say."""
    return Framer(lambda window: _verdict(window, _answer_length(window)), LONGEST)


def _question_length(window: bytes) -> int | None:
    """Bytes of the question that begins here: 0 if none does, None if more is needed to tell."""
    if len(window) < 2:
        return None
    return QUESTION if window[1] in _READS else 0


def _answer_length(window: bytes) -> int | None:
    if len(window) < 2:
        return None
    if window[1] & ~EXCEPTION not in _READS:
        return 0
    if window[1] & EXCEPTION:
        return 5
    if len(window) < 3:
        return None
    return 5 + window[2] if window[2] in range(2, 2 * MOST + 1, 2) else 0


def _verdict(window: bytes, length: int | None) -> Verdict[Frame]:
    if length == 0:
        return 1
    if length is None or len(window) < length:
        return None
    frame = Frame(window[0], window[1], window[2 : length - 2])
    return frame if frame.to_bytes() == window[:length] else 1
