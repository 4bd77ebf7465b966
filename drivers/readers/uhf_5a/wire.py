"""Bytes of "5A" cabinet readers: `5A CTRL(4) LEN(2 BE) DATA CRC-XMODEM(BE)` (devices.md 2d), the CRC over CTRL to DATA.

A reader that was started uploads each tag as it hears it, until it is stopped. How long a frame may be is known from
its control word, and of an upload from its EPC, so a hurt length is known before what it promises has come.
"""

import binascii
from dataclasses import dataclass

from drivers.framing import Framer, Verdict, is_damaged

CHECKED = True
HEAD = 0x5A
START = bytes.fromhex("00010210")
STOP = bytes.fromhex("000102FF")
POWER = bytes.fromhex("00010202")
UPLOAD = bytes.fromhex("00011200")
ALIVE = bytes.fromhex("00011112")
DONE = b"\x00"
CONTINUOUS = b"\x01"
HEAD_SIZE, CRC = 7, 2
QUESTIONS = {START: (5, 8), STOP: (0,), POWER: (0,), ALIVE: (4,)}
"""Lengths of what the host says; 8 asks for the TID as well."""
ANSWERS = {START: (1,), STOP: (1,), POWER: tuple(range(2, 34, 2)), ALIVE: (4,)}
BESIDE_EPC = 5
"""Length of the EPC, protocol word and antenna."""
MOST_PARAMETERS = 40
"""Signal strength, TID, frequency and time of day stay below."""
LONGEST_EPC = 62
LONGEST = HEAD_SIZE + BESIDE_EPC + LONGEST_EPC + MOST_PARAMETERS + CRC


def crc_xmodem(data: bytes) -> bytes:
    """CRC-XMODEM of devices.md 0.2, as on the wire."""
    return binascii.crc_hqx(data, 0).to_bytes(CRC, "big")


@dataclass(frozen=True)
class Frame:
    """Any frame, question or answer."""

    control: bytes
    data: bytes = b""

    @property
    def epc(self) -> bytes | None:
        """The EPC of an upload; None in any other frame."""
        return self.data[2 : 2 + _epc_size(self.data)] if self.control == UPLOAD else None

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = self.control + len(self.data).to_bytes(2, "big") + self.data
        return bytes((HEAD,)) + body + crc_xmodem(body)


def start(antennas: int) -> Frame:
    """Read on these antennas (bit 0 is the first) until it is stopped."""
    return Frame(START, antennas.to_bytes(4, "big") + CONTINUOUS)


def upload(epc: bytes, pc: bytes, antenna: int, rssi: int) -> Frame:
    """What a reader says of a tag it heard; antenna from 1."""
    return Frame(UPLOAD, len(epc).to_bytes(2, "big") + epc + pc + bytes((antenna, 0x01, rssi, 0x02, 0x00)))


def question_framer() -> Framer[Frame]:
    """Reads what the host says."""
    return Framer(_question, LONGEST)


def answer_framer() -> Framer[Frame]:
    """Reads what a reader says."""
    return Framer(_answer, LONGEST)


def _epc_size(data: bytes) -> int:
    return int.from_bytes(data[:2], "big")


def _is_whole(frame: bytes) -> bool:
    size = int.from_bytes(frame[5:7], "big")
    return frame[0] == HEAD and HEAD_SIZE + size + CRC == len(frame) and crc_xmodem(frame[1:-CRC]) == frame[-CRC:]


def _question(window: bytes) -> Verdict[Frame]:
    return _framed(window, QUESTIONS)


def _answer(window: bytes) -> Verdict[Frame]:
    return _framed(window, ANSWERS)


def _framed(window: bytes, sizes: dict[bytes, tuple[int, ...]]) -> Verdict[Frame]:
    if window[0] != HEAD:
        return 1
    if len(window) < HEAD_SIZE:
        return None
    control, size = window[1:5], int.from_bytes(window[5:7], "big")
    if sizes is ANSWERS and control == UPLOAD:
        if size > LONGEST:
            return 1
        fits = _upload_fits(window[HEAD_SIZE : HEAD_SIZE + size], size)
        if not fits:
            return None if fits is None else 1
    elif size not in sizes.get(control, ()):
        return 1
    whole = HEAD_SIZE + size + CRC
    if len(window) < whole:
        return None
    frame = window[:whole]
    if _is_whole(frame):
        return Frame(control, frame[HEAD_SIZE:-CRC])
    return whole if is_damaged(frame, _is_whole) else 1


def _upload_fits(data: bytes, size: int) -> bool | None:
    """Whether length, EPC and protocol word agree; None while that is not here yet."""
    if len(data) < min(2, size):
        return None
    epc = _epc_size(data)
    if size < 2 or epc > LONGEST_EPC or not BESIDE_EPC + epc <= size <= BESIDE_EPC + epc + MOST_PARAMETERS:
        return False
    if len(data) < 3 + epc:
        return None
    return data[2 + epc] >> 3 == epc // 2 and epc % 2 == 0
