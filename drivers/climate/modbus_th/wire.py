"""Bytes of a Modbus RTU temperature and humidity sensor, by pymodbus (devices.md 9b).

Function 03 or 04 reads one or two registers.
"""

from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersResponse

from drivers import modbus
from drivers.framing import Framer
from drivers.modbus import EXCEPTION as EXCEPTION

CHECKED = True
READ_HOLDING, READ_INPUT = 0x03, 0x04
MOST = 2
"""Registers in a frame; what claims to hold more is none of ours, and is not waited for."""
QUESTION, LONGEST = 8, 9
_READS = frozenset({READ_HOLDING, READ_INPUT})


class Frame(modbus.Frame):
    """A question for registers or an answer with them."""

    @property
    def values(self) -> list[int]:
        """Of an answer: the registers, each with its sign."""
        answer = ReadInputRegistersResponse()
        answer.decode(self.data)
        return [word - 0x10000 if word & 0x8000 else word for word in answer.registers]


def read(unit: int, function: int, first: int, count: int) -> Frame:
    """Ask for some registers."""
    return Frame(unit, function, ReadHoldingRegistersRequest(address=first, count=count).encode())


def told(unit: int, function: int, values: list[int]) -> Frame:
    """Those registers, as a sensor tells them."""
    answer = ReadInputRegistersResponse(registers=[value & 0xFFFF for value in values])
    return Frame(unit, function, answer.encode())


def answers(question: Frame, answer: Frame) -> bool:
    """True if the frame is this question's answer, an exception too."""
    return answer.is_for(question) and (bool(answer.function & EXCEPTION) or answer.data[0] == 2 * question.value)


def question_framer() -> Framer[Frame]:
    """Reads what the gateway says."""
    return Framer(lambda window: modbus.verdict(Frame, window, _question_length(window), LONGEST), LONGEST)


def answer_framer() -> Framer[Frame]:
    """Reads what sensors say."""
    return Framer(lambda window: modbus.verdict(Frame, window, _answer_length(window), LONGEST), LONGEST)


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
