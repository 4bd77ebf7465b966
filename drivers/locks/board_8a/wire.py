"""Bytes of the common Chinese "8A" lock board: `8A|80|81 ... XOR8` (devices.md 1c).

Boards and locks count from 1, lock 00 means all. The last byte is always the XOR of all before it; a fixed `8A` there
is a mistake copied between projects. The reply to "read all" carries one byte per eight locks and no length, so a
framer that is told how many locks the board has believes only that form behind `80`; told nothing it takes 24 and 32
locks and the single replies, as far as they can be told apart. Boards above 127 are not supported: their address could
pass for a start byte, and only without them is it certain that no hurt frame hides another.
"""

from collections.abc import Callable
from dataclasses import dataclass

from drivers.framing import Framer, Verdict, is_damaged

CHECKED = True
COMMAND, READ, REPORT = 0x8A, 0x80, 0x81
STARTS = frozenset({COMMAND, READ, REPORT})
OPEN, ASK, ADDRESS = 0x11, 0x33, 0x99
"""Fourth byte of questions; `33` also ends the status bytes of a read-all reply."""
SHORTED, APART = 0x11, 0x00
"""Fourth byte of replies: the feedback contact is shorted, or not. What that says of a door is the lock's matter."""
ALL_LOCKS = 0
SIZES = (16, 24, 32, 50)
"""Locks of the boards that exist."""
LONGEST_ADDRESS = 127
MOST_LOCKS = 64
SHORT = 5


def xor8(data: bytes) -> int:
    """XOR8 of devices.md 0.2."""
    check = 0
    for byte in data:
        check ^= byte
    return check


@dataclass(frozen=True)
class Short:
    """A five-byte frame: every question, and every reply but read-all."""

    start: int
    board: int
    lock: int
    what: int

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((self.start, self.board, self.lock, self.what))
        return body + bytes((xor8(body),))


@dataclass(frozen=True)
class Contacts:
    """The reply to read-all; `contacts` is as sent, the last byte has locks 1 to 8, lock 1 at bit 0."""

    board: int
    contacts: bytes

    def shorted(self, lock: int) -> bool:
        """The feedback contact of one lock, from 1."""
        return bool(int.from_bytes(self.contacts, "big") >> (lock - 1) & 1)

    def to_bytes(self) -> bytes:
        """As on the wire."""
        body = bytes((READ, self.board)) + self.contacts + bytes((ASK,))
        return body + bytes((xor8(body),))


Answer = Short | Contacts


def status_bytes(locks: int) -> int:
    """Status bytes in the read-all reply of a board with that many locks."""
    return (locks + 7) // 8


def open_lock(board: int, lock: int) -> Short:
    """Release one lock, from 1."""
    return Short(COMMAND, board, lock, OPEN)


def read_all(board: int) -> Short:
    """Ask for every contact of one board."""
    return Short(READ, board, ALL_LOCKS, ASK)


def question_framer() -> Framer[Short]:
    """Reads what the host says."""
    return Framer(_question, SHORT)


def answer_framer(cells: int | None = None, *, reports: bool = True) -> Framer[Answer]:
    """Reads what boards say; `cells` is the number of locks *on the board*, wired or not.

    With `cells` a frame with `80` is the read-all reply of that length and nothing else. With `reports=False` the
    unsolicited `81` is noise: then no flipped bit can turn one believed frame into another.
    """
    sizes = {status_bytes(24), status_bytes(32)} if cells is None else {status_bytes(cells)}
    lengths = sorted(2 + size + 2 for size in sizes)
    shorts = _SINGLES if cells is None else _OPENED
    if reports:
        shorts = shorts | _REPORTED
    return Framer(lambda window: _answer(window, lengths, shorts), lengths[-1])


_CONTACTS = frozenset({SHORTED, APART})
_OPENED = frozenset((COMMAND, what) for what in _CONTACTS)
_REPORTED = frozenset((REPORT, what) for what in _CONTACTS)
_SINGLES = _OPENED | {(READ, SHORTED), (READ, APART), (READ, ADDRESS)}
_QUESTIONS = frozenset({(COMMAND, OPEN), (READ, ASK), (READ, ADDRESS)})


def _is_short(frame: bytes, kinds: frozenset[tuple[int, int]]) -> bool:
    """Sum, kind, and addresses that exist."""
    return (
        (frame[0], frame[3]) in kinds
        and frame[1] <= LONGEST_ADDRESS
        and frame[2] <= (LONGEST_ADDRESS if frame[3] == ADDRESS else MOST_LOCKS)
        and xor8(frame) == 0
    )


def _is_contacts(frame: bytes) -> bool:
    return frame[0] == READ and frame[1] <= LONGEST_ADDRESS and frame[-2] == ASK and xor8(frame) == 0


def _question(window: bytes) -> Verdict[Short]:
    return _short(window, _QUESTIONS)


def _short(window: bytes, kinds: frozenset[tuple[int, int]]) -> Verdict[Short]:
    if _cannot_begin(window, kinds):
        return 1
    if len(window) < SHORT:
        return None
    frame = window[:SHORT]
    if _is_short(frame, kinds):
        return Short(*frame[:4])
    return _skip(frame, lambda whole: _is_short(whole, kinds))


def _cannot_begin(window: bytes, kinds: frozenset[tuple[int, int]]) -> bool:
    start, board, what = window[0], window[1:2], window[3:4]
    possible = {last for first, last in kinds if first == start}
    return not possible or board > bytes((LONGEST_ADDRESS,)) or (what != b"" and what[0] not in possible)


def _answer(window: bytes, lengths: list[int], shorts: frozenset[tuple[int, int]]) -> Verdict[Answer]:
    if window[0] != READ:
        return _short(window, shorts)
    if window[1:2] > bytes((LONGEST_ADDRESS,)):
        return 1
    if len(window) >= SHORT and _is_short(window[:SHORT], shorts):
        return Short(*window[:4])
    # Shorter first, hurt ones too: a hurt 24-lock reply and the next start byte can make a whole 32-lock reply.
    for length in lengths:
        if len(window) < length:
            return None
        frame = window[:length]
        if _is_contacts(frame):
            return Contacts(frame[1], frame[2:-2])
        if is_damaged(frame, _is_contacts):
            return length
    return _skip(window[:SHORT], lambda whole: _is_short(whole, shorts))


def _skip(frame: bytes, whole: Callable[[bytes], bool]) -> int:
    """All of a hurt frame, or one byte of what never was one."""
    return len(frame) if is_damaged(frame, whole) else 1
