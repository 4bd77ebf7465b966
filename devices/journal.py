"""The journal line, its chain and its seal: pure bytes, so that `sha256sum` and a stranger can check them.

A line is one JSON object without newline. Its hash is SHA-256 over exactly those bytes; `prev` names the hash
of the line before it in the same book, the first line's `prev` is `ZERO`. A batch is lines joined by newlines
and travels with a seal: a token by the gateway over book, first and last number, and the head (hash of the
last line). What was written is what is hashed: nobody re-encodes a line.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from operator import itemgetter
from typing import Any, NamedTuple

from pydantic_core import from_json

ZERO = "0" * 64
"""`prev` of the first line of a book."""
MAX_LINE = 16 * 1024
MAX_BATCH_LINES = 500
MAX_BATCH_BYTES = 128 * 1024

_HASH = re.compile(r"^[0-9a-f]{64}$")
_FIELDS = {"seq": int, "prev": str, "at": str, "boot": str, "mono_ms": int, "device": str, "type": str, "body": dict}
_values, _KINDS = itemgetter(*_FIELDS), tuple(_FIELDS.values())


class ChainBroken(ValueError):
    """A line does not follow the one before it; `seq` is the number where the chain breaks."""

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"line {seq}: {why}")
        self.seq = seq
        self.why = why


class BadLine(ValueError):
    """The bytes are no journal line; the text says why."""


class Line(NamedTuple):
    """One line as read; `raw` are the bytes that were hashed."""

    seq: int
    prev: str
    at: datetime
    boot: str
    mono_ms: int
    device: str
    type: str
    body: Mapping[str, Any]
    cause: str | None
    raw: bytes

    @property
    def hash(self) -> str:
        """SHA-256 of the line's bytes, hex."""
        return line_hash(self.raw)


@dataclass(frozen=True, slots=True)
class Stamp:
    """When and in which boot a line was written."""

    at: datetime
    boot: str
    mono_ms: int


def line_hash(raw: bytes) -> str:
    """SHA-256 of a line's bytes, hex."""
    return hashlib.sha256(raw).hexdigest()


def write_line(
    seq: int, prev: str, stamp: Stamp, device: str, message: tuple[str, Mapping[str, Any]], cause: str | None = None
) -> bytes:
    """The bytes of a line; `message` is (type, body). Raises BadLine when it is over 16 KiB, or no text."""
    line: dict[str, Any] = {
        "seq": seq,
        "prev": prev,
        "at": write_time(stamp.at),
        "boot": stamp.boot,
        "mono_ms": stamp.mono_ms,
        "device": device,
        "type": message[0],
        "body": message[1],
    }
    if cause is not None:
        line["cause"] = cause
    try:
        raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise BadLine(f"line {seq} of {device}: half a sign is no text") from error
    if len(raw) > MAX_LINE:
        raise BadLine(f"line {seq} of {device}: {len(raw)} bytes, at most {MAX_LINE}; send weight as a blob")
    return raw


def read_line(raw: bytes) -> Line:
    """The line in these bytes; raises BadLine."""
    line = _read(raw)
    if not _HASH.match(line.prev):
        raise BadLine("prev is no SHA-256")
    return line


def _read(raw: bytes) -> Line:
    """The line, but for its `prev`, which may be any text."""
    if len(raw) > MAX_LINE:
        raise BadLine(f"{len(raw)} bytes, at most {MAX_LINE}")
    try:
        line = from_json(raw)
    except ValueError as error:
        raise BadLine(f"not JSON: {error}") from error
    if not isinstance(line, dict):
        raise BadLine("not an object")
    try:
        values = _values(line)
    except KeyError:
        raise BadLine(_ill_typed(line)) from None
    if tuple(map(type, values)) != _KINDS:
        raise BadLine(_ill_typed(line))
    seq, prev, at, boot, mono_ms, device, type_, body = values
    cause = line.get("cause")
    if cause is not None and not isinstance(cause, str):
        raise BadLine("cause is no string")
    if seq < 1:
        raise BadLine("seq is below 1")
    return Line(seq, prev, read_time(at), boot, mono_ms, device, type_, body, cause, raw)


def _ill_typed(line: Mapping[str, Any]) -> str:
    wrong = next(name for name, kind in _FIELDS.items() if type(line.get(name)) is not kind)
    return f"{wrong} is missing or no {_FIELDS[wrong].__name__}"


def write_time(at: datetime) -> str:
    """UTC with milliseconds and Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    """A time as lines carry it; raises BadLine."""
    try:
        at = datetime.fromisoformat(text)
        utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadLine(f"at: {text!r} is no time") from None
    if at.tzinfo is None:
        raise BadLine(f"at: {text!r} has no zone")
    if not MINYEAR < utc.year < MAXYEAR:
        raise BadLine(f"at: {text!r} cannot be told in every zone")
    return utc


def read_chain(raws: Iterable[bytes], first: int, prev: str) -> list[Line]:
    """The lines, checked to be numbered from `first` without gap and chained from `prev`. Raises ChainBroken."""
    lines: list[Line] = []
    seq, before = first, prev
    for raw in raws:
        try:
            line = _read(raw)
        except BadLine as error:
            raise ChainBroken(seq, str(error)) from error
        if line.seq != seq:
            raise ChainBroken(seq, f"expected, but the line says it is number {line.seq}")
        if line.prev != before:
            raise ChainBroken(seq, f"names {line.prev[:12]} as the line before it, which is {before[:12]}")
        lines.append(line)
        seq, before = seq + 1, line_hash(raw)
    return lines


def join(raws: Sequence[bytes]) -> bytes:
    """A batch as it travels: lines joined by newlines."""
    return b"\n".join(raws)


def split(batch: bytes) -> list[bytes]:
    """The lines of a batch as it travels."""
    return batch.split(b"\n") if batch else []
