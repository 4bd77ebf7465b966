"""A batch as it came from a gateway, checked for all that can be checked without the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from central.alarms import AlarmKind
from devices.box import GATEWAY, BookOpened, KeyChanged
from devices.claims import SealClaims
from devices.grants import BadToken, Keys, read
from devices.journal import MAX_BATCH_BYTES, MAX_BATCH_LINES, BadLine, ChainBroken, Line, read_chain, read_line, split
from devices.messages import UnreadableMessage, read_fact, wire_name

_BOOK_OPENED = wire_name(BookOpened)
_KEY_CHANGED = wire_name(KeyChanged)
_NAME = 64


class BatchRefused(Exception):
    """Nothing of the batch is believed; `kind` says which alarm it is, `book` and `seq` where, if known."""

    def __init__(self, kind: AlarmKind, why: str, book: str | None = None, seq: int | None = None) -> None:
        super().__init__(why)
        self.kind = kind
        self.why = why
        self.book = book
        self.seq = seq


@dataclass(frozen=True)
class Sender:
    """The gateway whose topic a batch came on, as the registry knows it."""

    name: str
    keys: Keys
    """Keys central certified for it and has not withdrawn."""
    suspended: bool = False


@dataclass(frozen=True)
class Batch:
    """Lines whose chain holds within themselves and whose seal holds over them."""

    claims: SealClaims
    kid: str
    """The key that sealed."""
    seal: str
    lines: Sequence[Line]
    hashes: Sequence[str]

    @property
    def opens(self) -> BookOpened | None:
        """What the first line says if it opens the book."""
        first = self.lines[0]
        if first.seq != 1 or first.type != _BOOK_OPENED:
            return None
        try:
            fact = read_fact(first.type, first.body)
        except UnreadableMessage:
            return None
        return fact if isinstance(fact, BookOpened) and _is_name(fact.follows or "") else None

    @property
    def next_key(self) -> str | None:
        """The key its last line admits for what follows; raises BatchRefused if lines follow that line."""
        for line in self.lines:
            if line.type == _KEY_CHANGED and line.device == GATEWAY:
                if line is not self.lines[-1]:
                    why = f"line {line.seq} changes the key; the next line is still sealed by the old one"
                    raise BatchRefused(AlarmKind.BAD_SEAL, why, self.claims.book, line.seq + 1)
                return str(line.body.get("key"))
        return None


def open_batch(court: str, sender: Sender, payload: bytes, seal: str | None) -> Batch:
    """The batch, if size, seal, numbers and chain hold; raises BatchRefused."""
    claims, kid = _sealed(court, sender, seal)
    raws = split(payload)
    if not raws or len(raws) > MAX_BATCH_LINES or len(payload) > MAX_BATCH_BYTES:
        raise _broken(claims, claims.first, f"{len(raws)} lines in {len(payload)} bytes; more than a batch may hold")
    if claims.seq - claims.first + 1 != len(raws):
        raise _broken(claims, claims.first, f"sealed as lines {claims.first} to {claims.seq}, but {len(raws)} came")
    try:
        lines = read_chain(raws, claims.first, read_line(raws[0]).prev)
    except ChainBroken as error:
        raise _broken(claims, error.seq, error.why) from error
    except BadLine as error:
        raise _broken(claims, claims.first, str(error)) from error
    _, prevs, _, _, _, devices, types, _, causes, _ = zip(*lines, strict=True)
    if not all(map(_is_name, {*devices, *types, *filter(None, causes)})):
        raise _broken(
            claims, _misnamed(lines), f"device, type or cause is longer than {_NAME} characters or cannot be printed"
        )
    hashes = [*prevs[1:], lines[-1].hash]
    if hashes[-1] != claims.head:
        raise _broken(claims, claims.seq, f"its hash is {hashes[-1][:12]}, sealed was {claims.head[:12]}")
    return Batch(claims, kid, str(seal), lines, hashes)


def _sealed(court: str, sender: Sender, seal: str | None) -> tuple[SealClaims, str]:
    if not seal:
        raise BatchRefused(AlarmKind.BAD_SEAL, "it carries no seal")
    try:
        said: dict[str, Any] = read("seal", seal, sender.keys, issuer=sender.name, audience=court)
        claims: SealClaims = SealClaims.of(said)
    except BadToken as error:
        raise BatchRefused(AlarmKind.BAD_SEAL, str(error)) from error
    if not _is_name(claims.book):
        raise BatchRefused(AlarmKind.BAD_SEAL, "it names no book that could be")
    return claims, str(jwt.get_unverified_header(seal)["kid"])


def _misnamed(lines: Sequence[Line]) -> int:
    return next(line.seq for line in lines if not all(map(_is_name, (line.device, line.type, line.cause or ""))))


def _is_name(text: str) -> bool:
    """True for what the ledger's columns hold, on every database: a seal may name half a sign, which is no text."""
    return len(text) <= _NAME and text.isprintable()


def _broken(claims: SealClaims, seq: int, why: str) -> BatchRefused:
    return BatchRefused(AlarmKind.CHAIN_BROKEN, why, claims.book, seq)
