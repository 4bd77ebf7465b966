"""Who this gateway is: its key, its certificate, whom it trusts, where central is; a folder made by enrolment."""

import base64
import hashlib
import http.client
import json
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from devices.claims import IdentityClaims, SealClaims
from devices.grants import keys_of, sign, thumbprint
from devices.topics import BadName, checked_gateway, checked_name
from gateway import durable
from gateway.clock import Clock

HTTP_TOKEN_LIFE_S = 60
_TIMEOUT_S = 30
_ROOM = 16 * 1024
"""Bytes that everything enrolment gives finds room in."""
NEXT_KEY = "next-key.pem"
NEXT_CERTIFICATE = "next-certificate.pem"
_PROVEN = "proven-certificate.pem"
_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python has no name for."""
_KEPT = "identity.json"
_DER: Mapping[str, bytes] = {
    "PRIVATE KEY": bytes.fromhex("302e020100300506032b657004220420"),
    "PUBLIC KEY": bytes.fromhex("302a300506032b6570032100"),
}
"""All that stands before the 32 bytes of an Ed25519 key, by what its PEM is called (RFC 8410 sections 4 and 7). Whoever
loads a reader of every kind of key to be told so holds half a megabyte for good."""
_KEY_BYTES = 32


class NoIdentity(Exception):
    """There is no usable identity in the folder; the text says what to do."""


class EnrolmentRefused(Exception):
    """Central did not enrol this gateway, or its answer is not to be believed; the text says why."""


@dataclass
class Identity:
    """One gateway of one court. The files it was read from stay where they are: TLS reads them.

    Only `believe` and `become` change it.
    """

    court: str
    gateway: str
    key: Ed25519PrivateKey
    """TLS client key, and the key that seals."""
    central_keys: dict[str, Ed25519PublicKey]
    """Keys of central by thumbprint; `believe` adds to them."""
    central_url: str
    broker: tuple[str, int]
    permit_secret: bytes
    """Without it nobody can try PINs against a permit."""
    certificate: Path
    key_file: Path
    ca: Path
    old_keys: dict[str, Ed25519PrivateKey] = field(default_factory=dict)
    """Keys that sealed before this one, by thumbprint: what they sealed may have to be sent again."""

    @property
    def kid(self) -> str:
        """Thumbprint of the sealing key."""
        return thumbprint(self.key.public_key())

    def seal(self, kid: str, claims: SealClaims) -> str:
        """The seal of a batch by that key of ours; raises KeyError for a key we never had."""
        return sign("seal", claims.write(), self.key if kid == self.kid else self.old_keys[kid], kid)

    def become(self, key: Ed25519PrivateKey) -> None:
        """Seal by that key from now on; what this one sealed can still be sealed."""
        self.old_keys[self.kid] = self.key
        self.key = key

    def tls(self) -> ssl.SSLContext:
        """Client side of mutual TLS: only the court's root is trusted, and whatever the time is.

        A box whose clock chip has died starts years ago, where no certificate is valid yet; it learns the time from
        central's ack (ledger rule 10), and for that it must get through. The root is the court's own.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_flags |= _NO_CHECK_TIME
        context.load_verify_locations(self.ca)
        context.load_cert_chain(self.certificate, self.key_file)
        return context


def http_token(identity: Identity, clock: Clock) -> str:
    """A minute's pass for central's HTTP door."""
    iat = int(clock.now().timestamp())
    claims = IdentityClaims(iss=identity.gateway, aud=identity.court, iat=iat, exp=iat + HTTP_TOKEN_LIFE_S)
    return sign("gateway", claims.write(), identity.key)


def is_enrolled(folder: Path) -> bool:
    """True if a court's central has taken this folder's box in."""
    return (folder / _KEPT).exists()


def load(folder: Path) -> Identity:
    """The identity in `folder`; raises NoIdentity. What a power cut left of `keep` is finished."""
    try:
        _finish(folder)
        return Identity(
            **_told(json.loads((folder / _KEPT).read_text())),
            key=private_key(folder / "key.pem"),
            certificate=folder / "certificate.pem",
            key_file=folder / "key.pem",
            ca=folder / "ca.pem",
            old_keys=_old_keys(folder),
        )
    except FileNotFoundError as error:
        raise NoIdentity(f"{error.filename} is missing; run `courtside-gateway enrol URL TOKEN`") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NoIdentity(f"the identity in {folder} cannot be read ({error}); enrol again") from error


def save(folder: Path, key: Ed25519PrivateKey, answer: Mapping[str, Any]) -> Identity:
    """Write what enrolment gave (see `enrol`), durable and only for the owner.

    Keys that were there before seal nothing any more: central withdrew them as it enrolled this one.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in (*folder.glob("sealed-by-*.pem"), folder / NEXT_KEY, folder / NEXT_CERTIFICATE, folder / _PROVEN):
        old.unlink(missing_ok=True)
    files = {
        "ca.pem": answer["ca"].encode(),
        "certificate.pem": answer["certificate"].encode(),
        "key.pem": key_bytes(key),
        _KEPT: json.dumps({name: answer[name] for name in _TOLD}, indent=1).encode(),
    }
    durable.write_all(folder, files)
    return load(folder)


def believe(identity: Identity, key: Ed25519PublicKey) -> None:
    """Central signs with this key too; durable before anything it signed is obeyed. Raises OSError."""
    file = identity.ca.with_name(_KEPT)
    told = json.loads(file.read_bytes())
    told["central_keys"].append(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
    durable.write(file, json.dumps(told, indent=1).encode())
    identity.central_keys.update(keys_of([key]))


def upcoming(identity: Identity) -> Identity | None:
    """Who this gateway is to be with the key and certificate that wait to be proven; None if none wait."""
    folder = identity.ca.parent
    key, certificate = folder / NEXT_KEY, folder / NEXT_CERTIFICATE
    if not (key.exists() and certificate.exists()):
        return None
    return replace(identity, key=private_key(key), certificate=certificate, key_file=key)


def keep(identity: Identity, proven: Identity) -> None:
    """From now on `proven`, made by `upcoming`, is who this gateway is on disk. Raises OSError.

    One renaming decides it; whatever step a kill comes at, `load` finds key and certificate of one pair.
    """
    folder = identity.ca.parent
    durable.write(folder / f"sealed-by-{identity.kid}.pem", identity.key_file.read_bytes())
    proven.certificate.replace(folder / _PROVEN)
    durable.keep_names(folder)
    _finish(folder)


def _finish(folder: Path) -> None:
    """A certificate that was proven takes its place, and its key with it."""
    if not (folder / _PROVEN).exists():
        return
    if (folder / NEXT_KEY).exists():
        (folder / NEXT_KEY).replace(folder / "key.pem")
        durable.keep_names(folder)
    (folder / _PROVEN).replace(folder / "certificate.pem")
    durable.keep_names(folder)


def enrol(url: str, token: str, folder: Path, version: str = "") -> Identity:
    """Make a key, have central certify it, keep all of it in `folder`. Raises EnrolmentRefused, OSError.

    What would be in the way of keeping it is said before the token is spent.
    The token is `<secret>.<first 32 hex digits of the SHA-256 of the root certificate>`: it is shown over HTTPS
    only to a server that root certified (or the system trusts), and an answer whose root is another is refused.
    """
    if not url.startswith(("https://", "http://")) or not urlsplit(url).hostname:
        raise EnrolmentRefused(f"{url} is no address: write it as central told it, such as https://HOST:8443")
    if is_enrolled(folder):
        before = f"{folder} is a gateway's already: give another --data"
        raise EnrolmentRefused(f"{before}, or move its {_KEPT} away if this box is to be enrolled anew")
    key = Ed25519PrivateKey.generate()
    door = url.rstrip("/") + "/api/v1"
    with _room(folder):
        tls = _tls_of_court(door, token) if door.startswith("https:") else None
        request = {"token": token, "csr": signing_request(key), "version": version}
        answer = _object(door, _ask("POST", f"{door}/enrol", request, tls))
        _check(answer, token, key)
        return save(folder, key, answer)


@contextmanager
def _room(folder: Path) -> Iterator[None]:
    """The folder is there and takes a file; one that was made for nothing goes again. Raises EnrolmentRefused."""
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_ROOM))
    except OSError as error:
        why = f"{folder} cannot be written ({error.strerror})"
        raise EnrolmentRefused(f"{why}; the token is still good: be another user, or give another --data") from error
    try:
        yield
    finally:
        if made:
            with suppress(OSError):
                folder.rmdir()  # it is empty unless the identity is in it


_TOLD = ("court", "gateway", "central_keys", "central_url", "broker", "permit_secret")


def signing_request(key: Ed25519PrivateKey) -> str:
    """Asks for a certificate for that key (PEM)."""
    from cryptography import x509  # not at the head: a gateway at rest has no use for it

    return x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, None).public_bytes(Encoding.PEM).decode()


def _tls_of_court(door: str, token: str) -> ssl.SSLContext:
    """TLS that trusts the root the token names; anybody may hand us that root, for its fingerprint tells."""
    unknown = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unknown.check_hostname, unknown.verify_mode = False, ssl.CERT_NONE
    root = _ask("GET", f"{door}/root", None, unknown).decode(errors="replace")
    try:
        _check_root(root, token)
        context = ssl.create_default_context()
        context.load_verify_locations(cadata=root)
    except (ValueError, ssl.SSLError) as error:
        raise EnrolmentRefused(f"{door}/root gave no certificate: {error}") from error
    return context


def _ask(method: str, url: str, body: Mapping[str, Any] | None, tls: ssl.SSLContext | None) -> bytes:
    from gateway.dialogue import is_chinese  # not at the head: a gateway at rest talks to no terminal

    parts = urlsplit(url)
    if tls is None:
        connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_S)
    else:
        connection = http.client.HTTPSConnection(parts.netloc, timeout=_TIMEOUT_S, context=tls)
    content = None if body is None else json.dumps(body)
    headers = {"Content-Type": "application/json", "Accept-Language": "zh" if is_chinese() else "en"}
    try:
        connection.request(method, parts.path, content, headers)
        response = connection.getresponse()
        answer = response.read()
    except ssl.SSLError as error:
        raise EnrolmentRefused(f"{url} is not the court's server: {error}; is the address right?") from error
    except OSError as error:
        hint = "" if tls else ", and is it not https://"
        raise EnrolmentRefused(f"{url} cannot be reached ({error}); does central run there{hint}?") from error
    except (http.client.HTTPException, ValueError) as error:
        raise EnrolmentRefused(f"{url} gave no readable answer: {error}") from error
    finally:
        connection.close()
    if response.status not in (200, 201):
        raise EnrolmentRefused(f"{url} answered {response.status}: {_why(answer)}")
    return answer


def _why(answer: bytes) -> str:
    """Central's own sentence if it gave one, else the beginning of what was answered; a page is none of central's."""
    try:
        return str(json.loads(answer)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        told = answer[:300].decode(errors="replace").strip()
        return "that is no door for gateways; is the address right?" if told.startswith("<") else told


def _object(door: str, answer: bytes) -> dict[str, Any]:
    try:
        told = json.loads(answer)
    except ValueError as error:
        raise EnrolmentRefused(f"{door} gave no readable answer: {error}") from error
    if not isinstance(told, dict):
        raise EnrolmentRefused(f"{door} gave no object")
    return told


def _check_root(root: str, token: str) -> None:
    """Raises EnrolmentRefused if it is not the root the token names, ValueError if it is no certificate."""
    from cryptography import x509

    fingerprint = hashlib.sha256(x509.load_pem_x509_certificate(root.encode()).public_bytes(Encoding.DER)).hexdigest()
    if fingerprint[:32] != token.rpartition(".")[2].lower():
        raise EnrolmentRefused(
            f"the answer comes from another court (root {fingerprint}); is the address right, and the token whole?"
        )


def _check(answer: Mapping[str, Any], token: str, key: Ed25519PrivateKey) -> None:
    from cryptography import x509

    try:
        _check_root(answer["ca"], token)
        ours = x509.load_pem_x509_certificate(answer["certificate"].encode())
        checked_name(answer["court"])
        checked_gateway(answer["gateway"])
        _told(answer)
    except (ValueError, KeyError, AttributeError, TypeError, BadName) as error:
        raise EnrolmentRefused(f"central's answer cannot be read: {error!r}") from error
    if ours.public_key() != key.public_key():
        raise EnrolmentRefused("the certificate is for another key")


def _told(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "court": answer["court"],
        "gateway": answer["gateway"],
        "central_keys": keys_of(_public_key(pem) for pem in answer["central_keys"]),
        "central_url": answer["central_url"],
        "broker": (answer["broker"]["host"], int(answer["broker"]["port"])),
        "permit_secret": base64.b64decode(answer["permit_secret"]),
    }


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key in that file; raises ValueError, OSError."""
    return Ed25519PrivateKey.from_private_bytes(_raw_key(path.read_text(), "PRIVATE KEY"))


def key_bytes(key: Ed25519PrivateKey) -> bytes:
    """The key as its file holds it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public_key(pem: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(_raw_key(pem, "PUBLIC KEY"))


def _raw_key(pem: str, called: str) -> bytes:
    begin, end = f"-----BEGIN {called}-----", f"-----END {called}-----"
    text = "".join(pem.split("\n")).strip()
    der = base64.b64decode(text.removeprefix(begin).removesuffix(end)) if text.startswith(begin) else b""
    if not der.startswith(_DER[called]) or len(der) != len(_DER[called]) + _KEY_BYTES:
        raise ValueError(f"no Ed25519 {called.lower()}")
    return der.removeprefix(_DER[called])


def _old_keys(folder: Path) -> dict[str, Ed25519PrivateKey]:
    keys = (private_key(path) for path in folder.glob("sealed-by-*.pem"))
    return {thumbprint(key.public_key()): key for key in keys}
