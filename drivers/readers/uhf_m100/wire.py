"""Bytes of M100-type UHF modules: `HDR TYPE CMD PLh PLl params SUM8 END` (devices.md 2a).

The same payload ships as `BB ... 7E` and as `AA ... DD`. The sum covers TYPE to the last parameter; what a tag says
carries the tag's own CRC besides. Every frame's length follows from its command or its parameters, so that a hurt
length is known at once and nothing is waited for; a hurt frame is skipped whole, for its inside may look like another.
"""

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from drivers.framing import Framer, Verdict, is_damaged

CHECKED = True
Framing = Literal["bb", "aa"]
ENDS: dict[Framing, tuple[int, int]] = {"bb": (0xBB, 0x7E), "aa": (0xAA, 0xDD)}
"""First and last byte of a frame by the name of its framing."""
COMMAND, RESPONSE, NOTIFICATION = 0x00, 0x01, 0x02
VERSION, SELECT, INVENTORY, MULTI, STOP, READ, POWER, FAILED = 0x03, 0x0C, 0x22, 0x27, 0x28, 0x39, 0xB6, 0xFF
NO_TAG, WRONG_COMMAND = 0x15, 0x17
HEAD, TAIL = 5, 2
"""Bytes before and after the parameters."""
MOST_PARAMETERS = 67
"""A tag notification with the longest EPC."""
LONGEST_TEXT = 40

Size = int | tuple[int, Callable[[int], int]]
SIZES: Mapping[tuple[int, int], Size] = {
    (COMMAND, VERSION): 1,
    (COMMAND, INVENTORY): 0,
    (COMMAND, MULTI): 3,
    (COMMAND, STOP): 0,
    (COMMAND, READ): 9,
    (COMMAND, POWER): 2,
    (COMMAND, SELECT): (5, lambda mask_bits: 7 + mask_bits // 8),
    (RESPONSE, SELECT): 1,
    (RESPONSE, STOP): 1,
    (RESPONSE, POWER): 1,
    (RESPONSE, FAILED): (1, lambda tag_bytes: 2 + tag_bytes),
    (NOTIFICATION, INVENTORY): (1, lambda pc_high: 5 + (pc_high >> 3) * 2),
}
"""How many parameters a frame has; or which of them tells that, and how. A failure may have none but its code."""


def sum8(data: bytes) -> int:
    """SUM8 of devices.md 0.2."""
    return sum(data) & 0xFF


def crc_genibus(data: bytes) -> int:
    """CRC-GENIBUS of devices.md 0.2: what a Gen2 tag puts behind PC and EPC."""
    return binascii.crc_hqx(data, 0xFFFF) ^ 0xFFFF


@dataclass(frozen=True)
class Frame:
    """Any frame, in either framing."""

    framing: Framing
    kind: int
    command: int
    parameters: bytes = b""

    @property
    def epc(self) -> bytes | None:
        """The EPC a tag notification tells; None in any other frame."""
        return self.parameters[3:-2] if (self.kind, self.command) == (NOTIFICATION, INVENTORY) else None

    def to_bytes(self) -> bytes:
        """As on the wire."""
        first, last = ENDS[self.framing]
        body = bytes((self.kind, self.command)) + len(self.parameters).to_bytes(2, "big") + self.parameters
        return bytes((first,)) + body + bytes((sum8(body), last))


def version(framing: Framing) -> bytes:
    """Ask for the hardware version, which every module tells."""
    return Frame(framing, COMMAND, VERSION, b"\0").to_bytes()


def inventory(framing: Framing) -> bytes:
    """Ask for the tags in the field, once."""
    return Frame(framing, COMMAND, INVENTORY).to_bytes()


def tag(framing: Framing, rssi: int, pc: bytes, epc: bytes) -> Frame:
    """What a module says of a tag it heard; `rssi` in dBm."""
    heard = pc + epc
    told = rssi.to_bytes(1, "big", signed=True) + heard + crc_genibus(heard).to_bytes(2, "big")
    return Frame(framing, NOTIFICATION, INVENTORY, told)


def question_framer() -> Framer[Frame]:
    """Reads what the host says."""
    return Framer(_question, HEAD + MOST_PARAMETERS + TAIL)


def answer_framer() -> Framer[Frame]:
    """Reads what a module says."""
    return Framer(_answer, HEAD + MOST_PARAMETERS + TAIL)


def _size_holds(asked: bool, window: bytes) -> bool | None:
    """Is the length in the head what it must be? None: more bytes must tell."""
    of, told = (window[1], window[2]), int.from_bytes(window[3:HEAD], "big")
    if told > MOST_PARAMETERS or (of[0] == COMMAND) is not asked:
        return False
    if of == (RESPONSE, VERSION):
        return 1 <= told <= LONGEST_TEXT
    size = SIZES.get(of, -1)
    if isinstance(size, int) or (of == (RESPONSE, FAILED) and told <= 1):
        return told == (size if isinstance(size, int) else 1)
    at, must_be = size
    return told == must_be(window[HEAD + at]) if len(window) > HEAD + at else None


def _is_whole(frame: bytes) -> bool:
    if (frame[0], frame[-1]) not in ENDS.values() or frame[-2] != sum8(frame[1:-2]):
        return False
    if len(frame) != HEAD + int.from_bytes(frame[3:5], "big") + TAIL:
        return False
    heard = frame[HEAD + 1 : -TAIL]
    return frame[1] != NOTIFICATION or crc_genibus(heard[:-2]) == int.from_bytes(heard[-2:], "big")


def _verdict(asked: bool, window: bytes) -> Verdict[Frame]:
    framing = next((name for name, (first, _) in ENDS.items() if first == window[0]), None)
    if framing is None:
        return 1
    if len(window) < HEAD:
        return None
    holds = _size_holds(asked, window)
    if holds is not True:
        return None if holds is None else 1
    size = HEAD + int.from_bytes(window[3:5], "big") + TAIL
    if len(window) < size:
        return None
    frame = window[:size]
    if _is_whole(frame):
        return Frame(framing, frame[1], frame[2], frame[HEAD:-TAIL])
    return size if is_damaged(frame, _is_whole) else 1


def _question(window: bytes) -> Verdict[Frame]:
    return _verdict(True, window)


def _answer(window: bytes) -> Verdict[Frame]:
    return _verdict(False, window)
