"""Messages of IPP (RFC 8010, RFC 8011; devices.md 9d): version, operation or status, number, groups of attributes.

**Nothing here is checked**, but all of it travels by HTTP. A document follows its Print-Job and is no part of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from devices.printers import Online, Paper, PrinterChanged
from drivers.framing import Framer, Verdict

CHECKED = False
MEDIA_TYPE = "application/ipp"
PDF = "application/pdf"
V1, V2 = b"\x01\x01", b"\x02\x00"
VERSIONS = (b"\x01\x00", V1, V2, b"\x02\x01", b"\x02\x02")
PRINT_JOB, VALIDATE_JOB, CANCEL_JOB, GET_JOB, GET_PRINTER = 0x02, 0x04, 0x08, 0x09, 0x0B
OPERATION_GROUP, JOB_GROUP, END, PRINTER_GROUP = 0x01, 0x02, 0x03, 0x04
FIRST_VALUE = 0x10
"""Tags below it begin a group or end the message."""
INTEGER, BOOLEAN, ENUM, NAME, KEYWORD, URI, CHARSET, LANGUAGE, MIME = (
    0x21,
    0x22,
    0x23,
    0x42,
    0x44,
    0x45,
    0x47,
    0x48,
    0x49,
)
MOST_OK = 0x00FF
NOT_SUPPORTED = (0x040A, 0x040B)
"""Document format, attributes or values."""
NOT_FOUND, OLDER_ONLY, BUSY = 0x0406, 0x0503, 0x0507
IDLE, PROCESSING, STOPPED = 3, 4, 5
"""printer-state."""
PENDING, JOB_PROCESSING, JOB_STOPPED, CANCELED, ABORTED, COMPLETED = 3, 5, 6, 7, 8, 9
"""job-state; from CANCELED on it is over."""
HEAD, LENGTH = 8, 2
LONGEST = 1 << 16
_SEVERITIES = ("report", "warning", "error")
_NO_PAPER = frozenset({"media-empty", "media-needed"})
_OPEN = frozenset({"door-open", "cover-open", "interlock-open"})
_PAUSED = frozenset({"paused", "moving-to-paused"})
_AWAY = frozenset({"offline", "shutdown", "connecting-to-device"})


@dataclass(frozen=True)
class Part:
    """A value of an attribute (no name: one more of the one before), or, below FIRST_VALUE, the head of a group."""

    tag: int
    name: bytes = b""
    value: bytes = b""

    def to_bytes(self) -> bytes:
        """As on the wire."""
        if self.tag < FIRST_VALUE:
            return bytes((self.tag,))
        name, value = (len(part).to_bytes(LENGTH, "big") + part for part in (self.name, self.value))
        return bytes((self.tag,)) + name + value


@dataclass(frozen=True)
class Message:
    """A question or an answer; `code` is its operation or status."""

    version: bytes
    code: int
    number: int
    parts: tuple[Part, ...]

    def to_bytes(self) -> bytes:
        """As on the wire."""
        head = self.version + self.code.to_bytes(2, "big") + self.number.to_bytes(4, "big")
        return head + b"".join(part.to_bytes() for part in self.parts) + bytes((END,))

    def values(self, group: int, name: str) -> list[bytes]:
        """Every value of an attribute; empty if it is not there."""
        found, inside, wanted = [], 0, False
        for part in self.parts:
            if part.tag < FIRST_VALUE:
                inside, wanted = part.tag, False
                continue
            if part.name:
                wanted = inside == group and part.name == name.encode()
            if wanted:
                found.append(part.value)
        return found

    def number_of(self, group: int, name: str) -> int | None:
        """An integer or enum; None if it is not there or is none."""
        values = self.values(group, name)
        return int.from_bytes(values[0], "big") if values and len(values[0]) == 4 else None

    def words(self, group: int, name: str) -> list[str]:
        """Keywords and names."""
        return [value.decode(errors="replace") for value in self.values(group, name)]


def text(tag: int, name: str, *values: str) -> list[Part]:
    """An attribute of such values."""
    return [Part(tag, b"" if at else name.encode(), value.encode()) for at, value in enumerate(values)]


def integer(name: str, value: int) -> Part:
    """An attribute that is a number."""
    return Part(INTEGER, name.encode(), value.to_bytes(4, "big"))


def question(
    version: bytes, operation: int, number: int, printer: str, *, more: Iterable[Part] = (), job: Iterable[Part] = ()
) -> Message:
    """What is asked of a printer: the three attributes each question begins with, then `more`, then those of a job."""
    parts = [
        Part(OPERATION_GROUP),
        *text(CHARSET, "attributes-charset", "utf-8"),
        *text(LANGUAGE, "attributes-natural-language", "en"),
        *text(URI, "printer-uri", printer),
        *more,
    ]
    told = list(job)
    return Message(version, operation, number, (*parts, *([Part(JOB_GROUP), *told] if told else [])))


def state_of(answer: Message) -> PrinterChanged:
    """How the printer stands, by printer-state and printer-state-reasons (RFC 8011, 5.4.11 and 5.4.12)."""
    state = answer.number_of(PRINTER_GROUP, "printer-state")
    reasons = [_reason(word) for word in answer.words(PRINTER_GROUP, "printer-state-reasons")]
    return PrinterChanged(online=_online(state, reasons), paper=_paper(state, reasons))


def question_framer() -> Framer[Message]:
    """Reads what a printer receives."""
    return Framer(_message, LONGEST)


def answer_framer() -> Framer[Message]:
    """Reads what a printer sends."""
    return Framer(_message, LONGEST)


def _reason(word: str) -> tuple[str, str]:
    """A reason and how grave it is; one that does not say so is an error."""
    reason, _, severity = word.rpartition("-")
    return (reason, severity) if severity in _SEVERITIES else (word, "error")


def _online(state: int | None, reasons: list[tuple[str, str]]) -> Online:
    grave = {reason for reason, severity in reasons if severity == "error"}
    seen = {reason for reason, severity in reasons if severity != "report"}
    if seen & _OPEN:
        return "cover_open"
    if "media-jam" in seen:
        return "error"
    if any(reason in _PAUSED for reason, _ in reasons):
        return "paused"
    if any(reason in _AWAY for reason, _ in reasons):
        return "offline"
    if state == STOPPED and not grave & _NO_PAPER:
        return "error"
    return "online" if state in (IDLE, PROCESSING, STOPPED) else "unknown"


def _paper(state: int | None, reasons: list[tuple[str, str]]) -> Paper:
    """An empty tray that is no error is one of several."""
    if any(reason in _NO_PAPER and severity == "error" for reason, severity in reasons):
        return "out"
    if any(reason in (*_NO_PAPER, "media-low") for reason, _ in reasons):
        return "near_end"
    return "unknown" if state is None else "ok"


def _message(window: bytes) -> Verdict[Message]:
    if not any(version.startswith(window[:2]) for version in VERSIONS):
        return 1
    parts: list[Part] = []
    at = HEAD
    while at < len(window):
        if window[at] == END and parts:
            code, number = int.from_bytes(window[2:4], "big"), int.from_bytes(window[4:HEAD], "big")
            return Message(window[:2], code, number, tuple(parts))
        part = _part(window, at, parts)
        if not isinstance(part, Part):
            return part if len(window) < LONGEST else 1
        parts.append(part)
        at += len(part.to_bytes())
    return None if len(window) < LONGEST else 1


def _part(window: bytes, at: int, before: list[Part]) -> Part | int | None:
    """The part there; 1 if it cannot be one, None if it is not all there yet. Operation attributes come first."""
    tag = window[at]
    if tag < FIRST_VALUE:
        return Part(tag) if tag and (before or tag == OPERATION_GROUP) else 1
    if not before:
        return 1
    pieces = []
    at += 1
    for _ in ("name", "value"):
        size = int.from_bytes(window[at : at + LENGTH], "big")
        if len(window) < at + LENGTH or len(window) < at + LENGTH + size:
            return None
        pieces.append(window[at + LENGTH : at + LENGTH + size])
        at += LENGTH + size
    if not pieces[0] and before[-1].tag < FIRST_VALUE:
        return 1
    return Part(tag, *pieces)
