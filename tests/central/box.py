"""A gateway as the ledger meets it: a book that grows, its seals, and every way to get them wrong."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.ledger.batch import Sender
from devices.box import GATEWAY, BookOpened
from devices.claims import SealClaims
from devices.grants import keys_of, sign, thumbprint
from devices.journal import ZERO, Stamp, join, line_hash, write_line
from devices.locks import DoorChanged
from devices.messages import Fact, write_body

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class Box:
    """One gateway with one book at a time."""

    def __init__(self, name: str = "locker-a", court: str = "huishan", key: Ed25519PrivateKey | None = None) -> None:
        self.name = name
        self.court = court
        self.key = key or Ed25519PrivateKey.generate()
        self.begun = NOON
        self.begin("book-1")

    @property
    def sender(self) -> Sender:
        """What the registry says of it."""
        return Sender(self.name, keys_of([self.key.public_key()]))

    @property
    def kid(self) -> str:
        """Thumbprint of its key."""
        return thumbprint(self.key.public_key())

    def begin(self, book: str, follows: str | None = None, why: str = "new") -> None:
        """Another book."""
        self.book, self.raws, self.head = book, list[bytes](), ZERO
        opened = BookOpened(gateway=self.name, book=book, key=self.kid, follows=follows, why=why)
        self.write(opened, GATEWAY)

    def write(self, fact: Fact, device: str = "wall-a", cause: str | None = None) -> bytes:
        """One more line."""
        return self.write_raw(fact.type, write_body(fact), device, cause)

    def write_raw(self, type_: str, body: dict[str, object], device: str = "wall-a", cause: str | None = None) -> bytes:
        """One more line of any type."""
        seq = len(self.raws) + 1
        stamp = Stamp(self.begun + timedelta(seconds=seq), "boot0001", seq)
        raw = write_line(seq, self.head, stamp, device, (type_, body), cause)
        self.raws.append(raw)
        self.head = line_hash(raw)
        return raw

    def doors(self, count: int, cell: int = 1) -> None:
        """A door that opens and shuts that often."""
        for number in range(count):
            self.write(DoorChanged(cell=cell, door="shut" if number % 2 else "open"))

    def batch(self, first: int = 1, last: int | None = None) -> tuple[bytes, str]:
        """Lines `first` to `last` as they travel, and their seal."""
        raws = self.raws[first - 1 : last]
        return join(raws), self.seal(first, raws)

    def seal(self, first: int, raws: Sequence[bytes], /, **other: object) -> str:
        """The seal over these lines, with whatever is to be wrong in it."""
        claims = SealClaims(
            iss=self.name,
            aud=self.court,
            book=self.book,
            first=first,
            seq=first + len(raws) - 1,
            head=line_hash(raws[-1]),
        )
        return sign("seal", claims.write() | other, self.key)
