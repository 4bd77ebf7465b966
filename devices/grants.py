"""Tokens: wish, permit, seal, ack, desired, receipt of a blob, release, and HTTP identity are one format.

Each is an EdDSA JWT whose header carries `kid` (thumbprint of the Ed25519 key) and `typ` (what it is). A reader
says which type, issuer and audience it expects and which keys it trusts; nothing in the token chooses for it.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Typ = Literal[
    "wish", "permit", "seal", "ack", "desired", "stored", "gateway", "manifest", "hearing", "software", "files"
]
LEEWAY_S = 5
_TIMES_ARE_OURS: Any = {"require": ["iss", "aud"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}
# Times are compared with the clock the caller trusts, which is not always the machine's.

MAX_PERMIT = 300
"""Characters a permit's QR code holds at most."""

Keys = Mapping[str, Ed25519PublicKey]
"""Trusted keys by thumbprint."""


class BadToken(ValueError):
    """The token is not to be believed; `why` says in which way."""

    def __init__(self, why: Literal["forged", "expired", "not_for_us", "unreadable"], text: str) -> None:
        super().__init__(text)
        self.why = why


def thumbprint(key: Ed25519PublicKey) -> str:
    """Eight characters naming a key among those trusted: base64url of the first 6 bytes of its SHA-256."""
    digest = hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode()


def keys_of(keys: Iterable[Ed25519PublicKey]) -> dict[str, Ed25519PublicKey]:
    """The keys by thumbprint."""
    return {thumbprint(key): key for key in keys}


def sign(
    typ: Typ, claims: Mapping[str, Any], key: Ed25519PrivateKey, kid: str | None = None, introduction: str | None = None
) -> str:
    """A token of that type; `kid` spares working out the thumbprint.

    `introduction` is the key's certificate (DER, base64), for readers that may not know the key yet (RFC 7515, x5c).
    """
    headers: dict[str, Any] = {"kid": kid or thumbprint(key.public_key()), "typ": typ}
    if introduction:
        headers["x5c"] = [introduction]
    return jwt.encode(dict(claims), key, algorithm="EdDSA", headers=headers)


def read(typ: Typ, token: str, keys: Keys, issuer: str, audience: str, now: datetime | None = None) -> dict[str, Any]:
    """The claims, if type, algorithm, key, signature, issuer, audience and, given `now`, times hold, or BadToken."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise BadToken("unreadable", f"no token: {error}") from error
    if header.get("alg") != "EdDSA" or header.get("typ") != typ:
        raise BadToken("forged", f"says it is a {header.get('typ')} by {header.get('alg')}, a {typ} was expected")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise BadToken("forged", f"signed by {header.get('kid')}, which is not trusted")
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=["EdDSA"], issuer=issuer, audience=audience, options=_TIMES_ARE_OURS
        )
    except jwt.InvalidAudienceError as error:
        raise BadToken("not_for_us", f"not for {audience!r}") from error
    except jwt.InvalidSignatureError as error:
        raise BadToken("forged", "the signature does not fit") from error
    except jwt.InvalidIssuerError as error:
        raise BadToken("forged", f"not issued by {issuer!r}") from error
    except jwt.InvalidTokenError as error:
        raise BadToken("unreadable", str(error)) from error
    if now is not None:
        in_time(claims, now)
    return claims


def introduced(token: str) -> bytes | None:
    """The certificate (DER) by which the token's key introduces itself, to be checked; None if it brings none."""
    try:
        (certificate,) = jwt.get_unverified_header(token)["x5c"]
        return base64.b64decode(certificate, validate=True)
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        return None


def in_time(claims: Mapping[str, Any], now: datetime) -> None:
    """Nothing, if the claims are good at that time; raises BadToken (`expired`, `unreadable`)."""
    expires = claims.get("exp")
    if not isinstance(expires, int):
        raise BadToken("unreadable", "carries no exp")
    if now.timestamp() > expires + LEEWAY_S:
        raise BadToken("expired", f"expired {now.timestamp() - expires:.0f} s ago")
    issued = claims.get("iat", claims.get("nbf"))
    if isinstance(issued, int) and now.timestamp() < issued - LEEWAY_S:
        raise BadToken("expired", f"valid only in {issued - now.timestamp():.0f} s; is a clock wrong?")


def unproven(token: str) -> dict[str, Any]:
    """What a token says, believed by nobody: good for naming it in a refusal. Empty if it cannot be read."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, RecursionError):
        return {}
    return claims


def pin_check(secret: bytes, jti: str, pin: str) -> str:
    """What a permit carries of its PIN: without the gateway's secret nobody can try PINs against it."""
    digest = hmac.new(secret, f"{jti}:{pin}".encode(), "sha256").digest()
    return base64.urlsafe_b64encode(digest[:6]).decode()


def pin_fits(secret: bytes, jti: str, pin: str, check: str) -> bool:
    """True if this is the PIN of that permit."""
    return hmac.compare_digest(pin_check(secret, jti, pin), check)
