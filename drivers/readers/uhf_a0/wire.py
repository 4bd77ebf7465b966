"""Bytes of "A0" UHF readers: `A0 LEN ADDR CMD DATA LRC2` (devices.md 2b); LEN counts what follows it.

The last byte makes the whole frame sum to zero. What a reader says of an inventory (89) is told apart by its length: a
failure, the end of a round, or a tag, whose protocol word must agree with the length. So a hurt length is known at
once; a hurt frame is skipped whole, for its inside may look like another.
"""

from dataclasses import dataclass

from drivers.framing import Framer, Verdict, is_damaged

CHECKED = True
HEAD = 0xA0
RESET, FIRMWARE, ANTENNA, INVENTORY, SESSION = 0x70, 0x72, 0x74, 0x89, 0x8B
ANY_ADDRESS = 0xFF
NO_TAG = 0x36
LOWEST_CODE = 0x10
"""No failure has a code below; an inventory with a smaller byte is the echo of our own question (rounds asked for)."""
OVERHEAD = 3
"""Address, command and check, which LEN counts besides the data."""
LONGEST_EPC = 62
QUESTION_SIZES = {RESET: 0, FIRMWARE: 0, ANTENNA: 1, INVENTORY: 1, SESSION: 3}
FAILURE_SIZE, ROUND_END_SIZE, FIRMWARE_SIZE = 1, 7, 2
TAG_BESIDE_EPC = 4
"""Frequency and antenna, protocol word, signal strength."""


def lrc2(data: bytes) -> int:
    """LRC2 of devices.md 0.2."""
    return -sum(data) & 0xFF


@dataclass(frozen=True)
class Frame:
    """Any frame, question or answer."""

    address: int
    command: int
    data: bytes = b""

    @property
    def epc(self) -> bytes | None:
        """The EPC in what an inventory heard; None in any other frame."""
        is_tag = self.command == INVENTORY and len(self.data) not in (FAILURE_SIZE, ROUND_END_SIZE)
        return self.data[3:-1] if is_tag else None

    @property
    def failure(self) -> int | None:
        """The code of an inventory that failed; None in any other answer."""
        return self.data[0] if self.command == INVENTORY and len(self.data) == FAILURE_SIZE else None

    @property
    def ends_round(self) -> bool:
        """Nothing more comes of the inventory."""
        return self.command == INVENTORY and self.epc is None

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((HEAD, len(self.data) + OVERHEAD, self.address, self.command)) + self.data
        return body + bytes((lrc2(body),))


def inventory(address: int) -> bytes:
    """Ask for the tags in the field: one round, told tag by tag."""
    return Frame(address, INVENTORY, b"\x01").to_bytes()


def tag(address: int, frequency: int, antenna: int, pc: bytes, epc: bytes, rssi: int) -> Frame:
    """What a reader says of a tag it heard; antenna from 0, `rssi` in dBm."""
    return Frame(address, INVENTORY, bytes((frequency << 2 | antenna,)) + pc + epc + bytes((rssi + 129,)))


def round_end(address: int, antenna: int, rate: int, total: int) -> Frame:
    """The end of a round: tags a second, and how many were heard."""
    return Frame(address, INVENTORY, bytes((antenna,)) + rate.to_bytes(2, "big") + total.to_bytes(4, "big"))


def question_framer() -> Framer[Frame]:
    """Reads what the host says."""
    return Framer(_question, LONGEST)


def answer_framer() -> Framer[Frame]:
    """Reads what a reader says."""
    return Framer(_answer, LONGEST)


LONGEST = 2 + OVERHEAD + TAG_BESIDE_EPC + LONGEST_EPC


def _is_whole(frame: bytes) -> bool:
    return frame[0] == HEAD and frame[1] == len(frame) - 2 and sum(frame) & 0xFF == 0


def _question(window: bytes) -> Verdict[Frame]:
    if window[0] != HEAD:
        return 1
    if len(window) < 4:
        return None
    return _framed(window) if QUESTION_SIZES.get(window[3]) == window[1] - OVERHEAD else 1


def _answer(window: bytes) -> Verdict[Frame]:
    if window[0] != HEAD:
        return 1
    if len(window) < 4:
        return None
    size = window[1] - OVERHEAD
    if window[3] == FIRMWARE and size == FIRMWARE_SIZE:
        return _framed(window)
    if window[3] != INVENTORY or size > TAG_BESIDE_EPC + LONGEST_EPC:
        return 1
    if size == ROUND_END_SIZE:
        return _framed(window)
    if len(window) < 6:
        return None
    if size == FAILURE_SIZE:
        return _framed(window) if window[4] >= LOWEST_CODE else 1
    return _framed(window) if size == TAG_BESIDE_EPC + (window[5] >> 3) * 2 else 1


def _framed(window: bytes) -> Verdict[Frame]:
    size = window[1] + 2
    if len(window) < size:
        return None
    frame = window[:size]
    if _is_whole(frame):
        return Frame(frame[2], frame[3], frame[4:-1])
    return size if is_damaged(frame, _is_whole) else 1
