"""Bytes of a Modbus RTU relay board, made and read by pymodbus (devices.md 1g).

Functions 01 (read relays), 02 (read inputs), 05 (one relay) and 0F (many relays). Boards of Waveshare's make time a
pulse themselves: function 05 at 0200 + relay (on) or 0400 + relay (off), the value in tenths of a second.
"""

from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadCoilsResponse,
    ReadDiscreteInputsRequest,
    WriteMultipleCoilsRequest,
)

from drivers import modbus
from drivers.framing import Framer
from drivers.modbus import EXCEPTION as EXCEPTION

CHECKED = True
READ_RELAYS, READ_INPUTS, WRITE_RELAY, WRITE_RELAYS = 0x01, 0x02, 0x05, 0x0F
TIMED_ON, TIMED_OFF = 0x0200, 0x0400
"""Added to a relay's number: the board ends the pulse by itself, even if nobody is there any more."""
TICK_S = 0.1
MOST = 64
"""Relays or inputs in a frame; what claims to be longer is none of ours, and is not waited for."""
LONGEST = 9 + MOST // 8
_READS = frozenset({READ_RELAYS, READ_INPUTS})
_WRITES = frozenset({WRITE_RELAY, WRITE_RELAYS})
_EXCEPTIONS = frozenset(function | EXCEPTION for function in _READS | _WRITES)


class Frame(modbus.Frame):
    """A question or an answer; `value` is a state, a number of relays, or tenths of a second."""

    @property
    def bits(self) -> list[bool]:
        """Of an answer to a reading: relays or inputs from the first asked for, filled up to whole bytes."""
        answer = ReadCoilsResponse()
        answer.decode(self.data)
        return list(answer.bits)


def read_relays(unit: int, first: int, count: int) -> Frame:
    """Ask for some relays."""
    return Frame(unit, READ_RELAYS, ReadCoilsRequest(address=first, count=count).encode())


def read_inputs(unit: int, first: int, count: int) -> Frame:
    """Ask for some inputs."""
    return Frame(unit, READ_INPUTS, ReadDiscreteInputsRequest(address=first, count=count).encode())


def write_relay(unit: int, relay: int, value: int) -> Frame:
    """Set one relay; `value` is FF00 or 0000 by the standard, 0100 for on at some boards, or a pulse's tenths."""
    return Frame(unit, WRITE_RELAY, relay.to_bytes(2, "big") + value.to_bytes(2, "big"))


def write_relays(unit: int, first: int, states: list[bool]) -> Frame:
    """Set some relays at once."""
    return Frame(unit, WRITE_RELAYS, WriteMultipleCoilsRequest(address=first, bits=states).encode())


def answers(question: Frame, answer: Frame) -> bool:
    """True if the frame is this question's answer, an exception too: a writing repeats what was asked."""
    if not answer.is_for(question):
        return False
    if answer.function & EXCEPTION:
        return True
    if question.function in _READS:
        return answer.data[0] == (question.value + 7) // 8
    return answer.data == question.data[:4]


def question_framer() -> Framer[Frame]:
    """Reads what the gateway says."""
    return Framer(lambda window: modbus.verdict(Frame, window, _question_length(window), LONGEST), LONGEST)


def answer_framer() -> Framer[Frame]:
    """Reads what boards say."""
    return Framer(lambda window: modbus.verdict(Frame, window, _answer_length(window), LONGEST), LONGEST)


def _question_length(window: bytes) -> int | None:
    """Bytes of the question that begins here: 0 if none does, None if more is needed to tell."""
    if len(window) < 2:
        return None
    if window[1] != WRITE_RELAYS:
        return 8 if window[1] in _READS | _WRITES else 0
    return 9 + window[6] if len(window) > 6 else None


def _answer_length(window: bytes) -> int | None:
    if len(window) < 2:
        return None
    if window[1] in _READS:
        return 5 + window[2] if len(window) > 2 else None
    return 8 if window[1] in _WRITES else 5 if window[1] in _EXCEPTIONS else 0
