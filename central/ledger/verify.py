"""Is an exported piece of a ledger what the court wrote? Answered without the court, its database or its network.

What is proven: each line is named by the hash in the line after it, batches end in a hash their gateway sealed,
each gateway's key is certified by the court's root, and central's signed manifest says where each book begins
and ends, so that nothing can be altered, left out, put in, turned round or cut off unseen. Whose court it is,
only the root's fingerprint can tell, and that must come from elsewhere than the archive.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import jwt
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import NameOID
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.ledger.archive import Archive, BadArchive, opened
from devices.claims import SealClaims
from devices.grants import BadToken, read
from devices.journal import BadLine, Line, read_line

Verdict = Literal["OK", "consistent, signer unknown", "not OK"]
_CENTRAL = "central"
_MANY = 20


@dataclass(frozen=True)
class Report:
    """What was found; `findings` name book and line, in words, and are empty unless the verdict is `not OK`."""

    verdict: Verdict
    findings: Sequence[str]
    books: int = 0
    lines: int = 0
    root: str = ""
    """Fingerprint of the archive's root."""
    asked: str = ""
    """The fingerprint it was to have."""
    more: str = ""
    """What else is in it, in a sentence."""

    def __str__(self) -> str:
        """Some lines for a person."""
        told = [self.verdict, *(f"  {finding}" for finding in self.findings)]
        if self.asked not in ("", self.root):
            told.append(f"  its root is a stranger's: {self.asked} was asked for")
        told += [self.more] if self.more else []
        told.append(f"{self.lines} lines in {self.books} books; root certificate {self.root or 'unreadable'}")
        return "\n".join(told)


class _Piece(BaseModel):
    """What the manifest says of one book."""

    model_config = ConfigDict(frozen=True)

    gateway: str
    book: str
    first: int = Field(ge=1)
    seq: int
    prev: str
    head: str
    lines: int
    forks: int = 0

    @property
    def name(self) -> str:
        """How findings call it."""
        return f"book {self.book[:8]} of {self.gateway}"

    @property
    def folder(self) -> str:
        """Where it lies."""
        return f"books/{self.gateway}/{self.book}"


@dataclass(frozen=True)
class _Named:
    """A certified key: whose it is."""

    name: str
    key: Ed25519PublicKey


@dataclass(frozen=True)
class Proven:
    """What an archive holds, for whoever proves more of it; what is wrong with this much was said already."""

    archive: Archive
    court: str
    told: Mapping[str, Any]
    """What central's signed manifest says; empty if it is not central's."""
    lines: Mapping[str, Sequence[Line]]
    """By gateway."""
    keys_of: Callable[[str], Mapping[str, Ed25519PublicKey]]
    """The certified keys of a name, by thumbprint."""


More = Callable[[Proven], tuple[Sequence[str], str]]
"""Proves more; gives findings, and a sentence on what was looked at."""


def verify(path: Path, root_fingerprint: str | None = None, more: More = lambda proven: ((), "")) -> Report:
    """Check an archive; with the fingerprint of the court's root (SHA-256 of its DER, hex) also whose it is."""
    try:
        with opened(path) as archive:
            return _Check(archive, more).report(root_fingerprint)
    except BadArchive as error:
        return Report("not OK", [str(error)])


class _Check:
    def __init__(self, archive: Archive, more: More) -> None:
        self._archive = archive
        self._more = more
        self._findings: list[str] = []
        self._keys: dict[str, _Named] = {}
        self._court = ""
        self._told: Mapping[str, Any] = {}
        self._lines = 0
        self._readable_lines: dict[str, list[Line]] = {}

    def report(self, root_fingerprint: str | None) -> Report:
        mark = self._certificates()
        pieces = self._manifest()
        for piece in pieces:
            self._book(piece)
        told = {f"{piece.folder}/{file}" for piece in pieces for file in ("lines", "seals")}
        for name in sorted(self._archive.names - told):
            if name.startswith("books/"):
                self._say(f"{name} is in the archive but not in the manifest")
        proven = Proven(self._archive, self._court, self._told, self._readable_lines, self._keys_of)
        findings, more = self._more(proven)
        self._findings += findings
        asked = _plain(root_fingerprint or "")
        verdict: Verdict = "not OK"
        if not self._findings:
            verdict = "OK" if asked == mark else "consistent, signer unknown"
        return Report(verdict, _few(self._findings), len(pieces), self._lines, mark, asked, more)

    def _say(self, finding: str) -> None:
        self._findings.append(finding)

    def _read(self, name: str) -> bytes | None:
        try:
            return self._archive.read(name)
        except BadArchive as error:
            self._say(str(error))
            return None

    def _certificates(self) -> str:
        """Take in the certified keys; gives the root's fingerprint."""
        root = _certificate(self._read("certificates/root.pem"))
        if root is None:
            self._say("the root certificate is missing or unreadable")
            return ""
        for name in sorted(self._archive.names):
            if not name.startswith("certificates/") or name == "certificates/root.pem":
                continue
            certificate = _certificate(self._read(name))
            key = certificate.public_key() if certificate else None
            if certificate is None or not isinstance(key, Ed25519PublicKey) or not _signed_by(certificate, root):
                self._say(f"{name} is not a key the root certified")
                continue
            whose = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            kid = name.removeprefix("certificates/").removesuffix(".pem")
            self._keys[kid] = _Named(str(whose[0].value) if whose else "", key)
        return root.fingerprint(hashes.SHA256()).hex()

    def _manifest(self) -> Sequence[_Piece]:
        token = self._read("manifest.jwt")
        if token is None:
            return ()
        try:
            text = token.decode().strip()
            self._court = str(jwt.decode(text, options={"verify_signature": False}).get("iss", ""))
            self._told = read("manifest", text, self._keys_of(_CENTRAL), issuer=self._court, audience="anyone")
            return [_Piece.model_validate(piece) for piece in self._told["books"]]
        except (BadToken, jwt.InvalidTokenError, UnicodeDecodeError) as error:
            self._say(f"the manifest is altered or not by this court's central: {error}")
        except (ValidationError, KeyError, TypeError) as error:
            self._say(f"the manifest cannot be read: {error}")
        return ()

    def _keys_of(self, name: str) -> Mapping[str, Ed25519PublicKey]:
        return {kid: named.key for kid, named in self._keys.items() if named.name == name}

    def _book(self, piece: _Piece) -> None:
        content = self._read(f"{piece.folder}/lines")
        if content is None:
            return
        raws = content.split(b"\n")
        raws = raws[:-1] if raws[-1] == b"" else raws
        self._lines += len(raws)
        lines = self._readable(piece, raws)
        self._order(piece, raws, lines)
        self._readable_lines.setdefault(piece.gateway, []).extend(line for line in lines if line is not None)
        by_number = {line.seq: line for line in lines if line is not None and piece.first <= line.seq <= piece.seq}
        self._chain(piece, by_number)
        self._seals(piece, by_number)

    def _readable(self, piece: _Piece, raws: Sequence[bytes]) -> list[Line | None]:
        lines: list[Line | None] = []
        for row, raw in enumerate(raws):
            try:
                lines.append(read_line(raw))
            except BadLine as error:
                self._say(f"{piece.name}: line {piece.first + row} is altered: {error}")
                lines.append(None)
        return lines

    def _order(self, piece: _Piece, raws: Sequence[bytes], lines: Sequence[Line | None]) -> None:
        """Missing, doubled and turned round, by the numbers the lines bear; unreadable ones keep their place."""
        numbers = [line.seq if line else piece.first + row for row, line in enumerate(lines)]
        last = max(numbers, default=piece.first - 1)
        missing = sorted(set(range(piece.first, piece.seq + 1)) - set(numbers))
        tail = [number for number in missing if number > last]
        if tail:
            self._say(f"{piece.name}: the tail is dropped: lines {tail[0]} to {piece.seq} are missing")
        for number in missing[: len(missing) - len(tail)]:
            self._say(f"{piece.name}: line {number} is missing")
        for before, after in pairwise(numbers):
            if after == before:
                self._say(f"{piece.name}: line {after} is there twice")
            elif after < before:
                self._say(f"{piece.name}: lines {after} and {before} are swapped or out of order")
        for number in sorted(set(numbers)):
            if not piece.first <= number <= piece.seq:
                self._say(f"{piece.name}: line {number} is there but not in the manifest")

    def _chain(self, piece: _Piece, lines: Mapping[int, Line]) -> None:
        """From the head backwards, so that a line is judged by the one after it, which was found good before."""
        expected: str | None = piece.head
        for number in range(piece.seq, piece.first - 1, -1):
            line = lines.get(number)
            if line is None:
                expected = None
                continue
            if expected is not None and line.hash != expected:
                self._say(f"{piece.name}: line {number} is altered (or the line after it names another)")
                before = lines.get(number - 1)
                expected = line.prev if before is not None and before.hash == line.prev else None
                continue
            expected = line.prev
        if expected is not None and expected != piece.prev:
            self._say(f"{piece.name}: line {piece.first} does not follow the line the manifest names")

    def _seals(self, piece: _Piece, lines: Mapping[int, Line]) -> None:
        content = self._read(f"{piece.folder}/seals")
        if content is None:
            return
        keys, covered = self._keys_of(piece.gateway), piece.first - 1
        for row, token in enumerate(content.decode(errors="replace").split(), 1):
            try:
                said = read("seal", token, keys, issuer=piece.gateway, audience=self._court)
                claims: SealClaims = SealClaims.of(said)
            except BadToken as error:
                self._say(f"{piece.name}: seal {row} is not by this gateway: {error}")
                continue
            last = lines.get(claims.seq)
            if claims.book != piece.book:
                self._say(f"{piece.name}: seal {row} belongs to another book")
            elif last is not None and last.hash != claims.head:
                self._say(f"{piece.name}: line {claims.seq} is not the one its gateway sealed")
            elif claims.first <= covered + 1:
                covered = max(covered, claims.seq)
        if covered < piece.seq:
            self._say(f"{piece.name}: lines {covered + 1} to {piece.seq} carry no seal")


def _certificate(pem: bytes | None) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(pem) if pem is not None else None
    except ValueError:
        return None


def _signed_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _plain(fingerprint: str) -> str:
    return fingerprint.replace(":", "").strip().lower()


def _few(findings: Sequence[str]) -> Sequence[str]:
    unique: Sequence[Any] = list(dict.fromkeys(findings))
    if len(unique) <= _MANY:
        return unique
    return [*unique[:_MANY], f"and {len(unique) - _MANY} more"]
