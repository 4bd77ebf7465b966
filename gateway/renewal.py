"""The certificate renews itself: another key is made and certified, proven by real connections, and only then taken up.

    next-key.pem             made here; asked with again until central has certified it
    next-certificate.pem     central's answer; it waits to be proven
    proven-certificate.pem   proven: from here on it is taken up, whatever happens (`identity.keep`)

A kill at any step leaves the old pair or the new one, whole. The old key stays, to seal again what it sealed; the
journal tells the change in a line it still seals (ledger rule 9).
"""

import asyncio
import hashlib
import http.client
import json
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway import durable
from gateway.broker import NotAdmitted
from gateway.clock import Clock
from gateway.door import door
from gateway.identity import (
    NEXT_CERTIFICATE,
    NEXT_KEY,
    Identity,
    keep,
    key_bytes,
    private_key,
    signing_request,
    upcoming,
)
from gateway.journal import Journal
from gateway.supervise import Up

SHARE = (0.6, 0.7)
"""The part of its life after which a certificate is renewed; each has its own, that a fleet does not come at once."""
LOOK_S = 60.0
_CERTIFY = "/api/v1/certify"
_DUE = "renewal"
"""Under this the journal remembers when which certificate, by its file's SHA-256, is to be renewed."""
_RESTS_S = 3600.0
_AGAIN_S = (300.0, 900.0)

log = logging.getLogger(__name__)

Prove = Callable[[Identity], Awaitable[None]]
"""Connects to the broker as that identity; raises NotAdmitted."""


class NotRenewed(Exception):
    """There is no other certificate, this time; the text says why. The old one stays in use."""


class Renewal:
    """Looks after the certificate of this box; `undisturbed` waits for a moment when the link may be cut."""

    def __init__(
        self, identity: Identity, journal: Journal, prove: Prove, undisturbed: Callable[[], Awaitable[None]]
    ) -> None:
        self._identity = identity
        self._journal = journal
        self._prove = prove
        self._undisturbed = undisturbed
        self._rests_until = 0.0

    async def run(self, up: Up) -> None:
        """Renew it whenever it is time, until cancelled; what fails is tried again in some minutes."""
        await up()
        clock = self._journal.clock
        while True:
            due = await self._due()
            if clock.trusted and clock.now() >= due and clock.mono() >= self._rests_until:
                rest = _RESTS_S
                try:
                    await self.renew()
                except (NotRenewed, NotAdmitted, OSError) as error:
                    log.warning("the certificate could not be renewed: %s", error)
                    rest = random.uniform(*_AGAIN_S)  # noqa: S311 - a delay, no secret
                self._rests_until = clock.mono() + rest
            await asyncio.sleep(random.uniform(0.5, 1.0) * LOOK_S)  # noqa: S311

    async def _due(self) -> datetime:
        """As `due_at`; remembered from the first time on, for whoever reads a certificate holds its reader for good."""
        held = hashlib.sha256(self._identity.certificate.read_bytes()).hexdigest()
        known, _, due = (self._journal.recall(_DUE) or "").partition(" ")
        if known != held:
            due = due_at(self._identity).isoformat()
            await self._journal.remember(_DUE, f"{held} {due}")
        return datetime.fromisoformat(due)

    async def renew(self) -> None:
        """Have another key certified, prove it, take it up. Raises NotRenewed, NotAdmitted, OSError."""
        identity = self._identity
        await asyncio.to_thread(certified, identity, self._journal.clock)
        await self._undisturbed()
        candidate = await asyncio.to_thread(_known, identity, self._journal.clock)
        await self._prove(candidate)
        await asyncio.to_thread(keep, identity, candidate)
        identity.become(candidate.key)
        await self._journal.change_key(identity.kid)
        log.warning("another certificate is in use from now on")


def due_at(identity: Identity) -> datetime:
    """When the certificate in use is to be renewed. Raises OSError."""
    from cryptography import x509  # not at the head: it is asked for once for each certificate

    held = x509.load_pem_x509_certificate(identity.certificate.read_bytes())
    begins, ends = held.not_valid_before_utc, held.not_valid_after_utc
    share = random.Random(held.serial_number).uniform(*SHARE)  # noqa: S311 - spread, no secret
    return begins + share * (ends - begins)


def certified(identity: Identity, clock: Clock) -> None:
    """Have the next key made and certified, unless it is. Raises NotRenewed, OSError."""
    folder = identity.ca.parent
    if upcoming(identity) is not None:
        return
    if not (folder / NEXT_KEY).exists():
        durable.write(folder / NEXT_KEY, key_bytes(Ed25519PrivateKey.generate()))
    key = private_key(folder / NEXT_KEY)
    request = json.dumps({"csr": signing_request(key)}).encode()
    status, answer = _asked(identity, clock, "POST", request)
    if status != 201:
        raise NotRenewed(f"central answered {status}: {answer[:200].decode(errors='replace')}")
    durable.write(folder / NEXT_CERTIFICATE, _checked(answer, key))


def _known(identity: Identity, clock: Clock) -> Identity:
    """The next identity, as which central has just known this box. Raises NotRenewed, OSError."""
    candidate = upcoming(identity)
    if candidate is None:
        raise NotRenewed("no certificate waits to be proven")
    status, answer = _asked(candidate, clock, "GET", None)
    if status == 401:  # central never heard of it, or has withdrawn it: begin anew
        candidate.certificate.unlink()
        candidate.key_file.unlink()
    if status != 200:
        raise NotRenewed(f"central does not know the new key ({status}: {answer[:200].decode(errors='replace')})")
    return candidate


def _asked(identity: Identity, clock: Clock, method: str, body: bytes | None) -> tuple[int, bytes]:
    try:
        with door(identity, clock) as ask:
            status, _, answer = ask(method, _CERTIFY, body, {"Content-Type": "application/json"})
    except http.client.HTTPException as error:
        raise NotRenewed(f"central gave no readable answer: {error}") from error
    return status, answer


def _checked(answer: bytes, key: Ed25519PrivateKey) -> bytes:
    """The certificate of the answer, for that key. Raises NotRenewed."""
    from cryptography import x509

    try:
        pem = str(json.loads(answer)["certificate"]).encode()
        theirs = x509.load_pem_x509_certificate(pem).public_key()
    except (ValueError, KeyError, TypeError) as error:
        raise NotRenewed(f"central's answer cannot be read: {error!r}") from error
    if theirs != key.public_key():
        raise NotRenewed("the certificate is for another key")
    return pem
