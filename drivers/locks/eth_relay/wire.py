"""Bytes of the "ETH" network relay board, binary form: `AA BB SRC DST CMD 08 P1...P8 CRC-MODBUS` (devices.md 1h).

Every frame has 16 bytes. The host is FF; a reply has source and destination the other way round and 80 added to CMD.
The CRC covers every byte before it, `AA BB` too, low byte first. Relays and inputs count from 0, eight to a mask.
"""

from dataclasses import dataclass

from drivers.framing import Framer, Verdict

CHECKED = True
HEAD = b"\xaa\xbb"
PARAMETERS = 8
LENGTH = 16
HOST = 0xFF
READ_RELAYS, WRITE_RELAYS, READ_INPUTS = 0x01, 0x02, 0x03
REPLY = 0x80
GROUP = 8
"""Relays or inputs in one frame."""
_COMMANDS = frozenset({READ_RELAYS, WRITE_RELAYS, READ_INPUTS})
_REPLIES = frozenset(command | REPLY for command in _COMMANDS)


def crc_modbus(data: bytes) -> int:
    """CRC-MODBUS of devices.md 0.2."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


@dataclass(frozen=True)
class Frame:
    """A question or a reply about `count` relays or inputs from `first`; bit 0 of `mask` is the first."""

    source: int
    destination: int
    command: int
    first: int
    count: int
    mask: int = 0

    def to_bytes(self) -> bytes:
        """As on the wire."""
        addresses = bytes((self.source, self.destination, self.command, PARAMETERS))
        body = HEAD + addresses + bytes((self.first, self.count, self.mask)) + bytes(PARAMETERS - 3)
        return body + crc_modbus(body).to_bytes(2, "little")

    def replied(self, mask: int) -> "Frame":
        """The board's reply."""
        return Frame(self.destination, self.source, self.command | REPLY, self.first, self.count, mask)


def write(board: int, first: int, count: int, mask: int) -> Frame:
    """Set some relays."""
    return Frame(HOST, board, WRITE_RELAYS, first, count, mask)


def read_inputs(board: int, first: int, count: int) -> Frame:
    """Ask for some inputs."""
    return Frame(HOST, board, READ_INPUTS, first, count)


def question_framer() -> Framer[Frame]:
    """Reads what the host says."""
    return Framer(lambda window: _verdict(window, _COMMANDS), LENGTH)


def answer_framer() -> Framer[Frame]:
    """Reads what boards say."""
    return Framer(lambda window: _verdict(window, _REPLIES), LENGTH)


def _verdict(window: bytes, commands: frozenset[int]) -> Verdict[Frame]:
    if not HEAD.startswith(window[:2]):
        return 1
    if len(window) < LENGTH:
        return None
    body, crc = window[:14], window[14:LENGTH]
    if not _is_sound(body, commands) or crc_modbus(body).to_bytes(2, "little") != crc:
        return 1
    return Frame(*body[2:5], *body[6:9])


def _is_sound(body: bytes, commands: frozenset[int]) -> bool:
    return body[4] in commands and body[5] == PARAMETERS and not any(body[9:]) and 0 < body[7] <= GROUP
