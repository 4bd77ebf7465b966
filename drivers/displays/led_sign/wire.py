"""Packets of Onbon BX font cards: `A5x8 body 5A`, the body escaped and CRC-ARC behind it (devices.md 6e).

A text stands in a dynamic area with a run mode and a time-out. In run mode 2 the card takes the area away by itself
when no newer text came within the time-out: so a sign goes blank whatever became of the gateway.
"""

from dataclasses import dataclass

from drivers.framing import Framer, Verdict

CHECKED = True
LEAD, END = b"\xa5" * 8, 0x5A
HEAD, LENGTH, CRC = 12, 2, 2
LONGEST_DATA = 1024
LONGEST = len(LEAD) + 2 * (HEAD + LENGTH + LONGEST_DATA + CRC) + 1
HOST = 0x8000
ANY_CARD, VERSION = 0xFE, 0x02
ACK, NACK = b"\xa0\x00", b"\xa0\x01"
PING, AREAS = b"\xa2\x00", b"\xa3\x06"
ANSWER_WANTED = 1
EVERY = 0xFF
UNTIL_TIMEOUT = 2
"""The run mode in which the time-out counts."""
MOST_S = 0x7FFF
STILL, LEFTWARDS = 0x01, 0x03
SINGLE, SEVERAL = 0x01, 0x02
NO_WRAP, WRAP = 0x01, 0x02
AREAS_HEAD, AREA_HEAD = 9, 27
_ESCAPES = {0xA5: b"\xa6\x02", 0xA6: b"\xa6\x01", 0x5A: b"\x5b\x02", 0x5B: b"\x5b\x01"}
_ESCAPED = {escaped: byte for byte, escaped in _ESCAPES.items()}
_CHECKED_BY_CRC_AT = 8
"""Where the head says how it is checked; only 0 is believed."""


def crc_arc(data: bytes) -> bytes:
    """CRC-ARC of devices.md 0.2, as on the wire."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(CRC, "little")


@dataclass(frozen=True)
class Packet:
    """What one says to the other; `head` is everything before the length."""

    head: bytes
    data: bytes

    @property
    def to(self) -> int:
        """Whom it is for."""
        return int.from_bytes(self.head[:2], "little")

    @property
    def command(self) -> bytes:
        """Group and command."""
        return self.data[:2]

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = self.head + len(self.data).to_bytes(LENGTH, "little") + self.data
        return LEAD + b"".join(_ESCAPES.get(byte, bytes((byte,))) for byte in body + crc_arc(body)) + bytes((END,))


@dataclass(frozen=True)
class Area:
    """A text in the strip's one area; places and sizes as the card counts them."""

    x: int
    y: int
    width: int
    height: int
    timeout_s: int
    moves: bool
    speed: int
    dwell: int
    text: bytes

    def record(self) -> bytes:
        """As a dynamic area holds it: 27 bytes and the text."""
        places = b"".join(place.to_bytes(2, "little") for place in (self.x, self.y, self.width, self.height))
        how = (SINGLE, NO_WRAP, LEFTWARDS) if self.moves else (SEVERAL, WRAP, STILL)
        no_voice_nothing_more_left = bytes(3)
        return (
            bytes(1) + places + bytes((0, 0, UNTIL_TIMEOUT)) + self.timeout_s.to_bytes(2, "little")
            + no_voice_nothing_more_left + bytes((*how, 0, self.speed, self.dwell))
            + len(self.text).to_bytes(4, "little") + self.text
        )  # fmt: skip


def timeout_and_text(packet: Packet) -> tuple[int, bytes] | None:
    """Of a packet that shows one text: the seconds it may stand, and the text; None if it is another."""
    record = packet.data[AREAS_HEAD:]
    if packet.command != AREAS or len(record) < AREA_HEAD or record[11] != UNTIL_TIMEOUT:
        return None
    return int.from_bytes(record[12:14], "little"), record[AREA_HEAD:]


def packet(to: int, by: int, data: bytes) -> Packet:
    """A packet with the usual head: no barcode, checked by CRC, for any card."""
    return Packet(to.to_bytes(2, "little") + by.to_bytes(2, "little") + bytes(6) + bytes((ANY_CARD, VERSION)), data)


def ping(screen: int) -> Packet:
    """Is it there?"""
    return packet(screen, HOST, PING + bytes((ANSWER_WANTED, 0, 0)))


def show(screen: int, area: Area) -> Packet:
    """Put that into the area."""
    record = area.record()
    head = AREAS + bytes((ANSWER_WANTED, 0, 0, 0, 1))
    return packet(screen, HOST, head + len(record).to_bytes(2, "little") + record)


def blank(screen: int) -> Packet:
    """Take every area away."""
    return packet(screen, HOST, AREAS + bytes((ANSWER_WANTED, 0, 0, EVERY, 0)))


def question_framer() -> Framer[Packet]:
    """Reads what a card receives."""
    return Framer(_packet, LONGEST)


def answer_framer() -> Framer[Packet]:
    """Reads what a card sends."""
    return Framer(_packet, LONGEST)


def _packet(window: bytes) -> Verdict[Packet]:
    if not LEAD.startswith(window[: len(LEAD)]):
        return 1
    end = window.find(END, len(LEAD))
    begun = window.find(LEAD[0], len(LEAD))
    if begun >= 0 and (end < 0 or begun < end):
        return 1
    if end < 0:
        return None if len(window) < LONGEST else 1
    body = _plain(window[len(LEAD) : end])
    if body is None or len(body) < HEAD + LENGTH + CRC:
        return 1
    told, check = body[:-CRC], body[-CRC:]
    size = int.from_bytes(told[HEAD : HEAD + LENGTH], "little")
    sound = told[_CHECKED_BY_CRC_AT] == 0 and size == len(told) - HEAD - LENGTH and crc_arc(told) == check
    return Packet(told[:HEAD], told[HEAD + LENGTH :]) if sound else 1


def _plain(escaped: bytes) -> bytes | None:
    """Without escapes; None if one is none."""
    plain, at = bytearray(), 0
    while at < len(escaped):
        size = 2 if escaped[at] in (0xA6, 0x5B) else 1
        piece = escaped[at : at + size]
        if size == 2 and piece not in _ESCAPED:
            return None
        plain.append(_ESCAPED.get(piece, piece[0]))
        at += size
    return bytes(plain)
