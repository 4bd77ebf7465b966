"""Central's own word under a sealed hearing: each byte read, the gateway's signature checked, then signed beside it."""

from collections.abc import Sequence

from cryptography import x509
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.clock import Clock
from central.fleet.tables import Gateway, GatewayKey
from central.hearings import watch
from central.hearings.facts import HearingProven
from central.hearings.proof import Flaw, flaws, is_all_here
from central.hearings.tables import Hearing
from central.ledger.own import pen_of, record
from central.pki import key_of
from central.store import Store, tell
from devices.claims import HearingClaims
from devices.grants import BadToken, Keys, read, sign

UNSIGNED = Flaw("altered", None, "signature")
"""The gateway's signature does not fit the manifest."""
_MOST = 200


def prove(store: Store, blobs: Blobs, clock: Clock) -> int:
    """Prove what was sealed and is all here; gives how many hearings. Blobs are read outside any transaction."""
    with store.read() as session:
        sealed = (
            select(Hearing).where(Hearing.state == "sealed", Hearing.proven_at.is_(None)).order_by(Hearing.id.desc())
        )
        waiting = session.scalars(sealed.limit(_MOST)).unique().all()
        keys = {hearing.id: _keys(session, hearing.gateway) for hearing in waiting}
        court = pen_of(session).court
    done = 0
    for hearing in waiting:
        if not _is_here(blobs, hearing):  # what is missing may still be on its way
            continue
        found = _found(blobs, hearing, keys[hearing.id], court)
        with store.write() as session:
            done += _sign(session, hearing.id, found, clock)
    return done


def _is_here(blobs: Blobs, hearing: Hearing) -> bool:
    try:
        return is_all_here(blobs, hearing.manifest or "")
    except ValueError:
        return True


def _found(blobs: Blobs, hearing: Hearing, keys: Keys, court: str) -> Sequence[Flaw]:
    try:
        found = list(flaws(blobs, hearing.manifest or ""))
    except ValueError:
        found = [Flaw("altered", None, "manifest")]
    try:
        said = read("hearing", hearing.seal or "", keys, hearing.gateway, court)
        claims: HearingClaims = HearingClaims.of(said)
        fits = (claims.hearing, claims.manifest) == (hearing.ref, hearing.manifest)
    except BadToken:
        fits = False
    return found if fits else [*found, UNSIGNED]


def _keys(session: Session, gateway: str) -> Keys:
    rows = session.execute(select(GatewayKey.kid, GatewayKey.certificate).join(Gateway).where(Gateway.name == gateway))
    return {kid: key_of(x509.load_pem_x509_certificate(certificate.encode())) for kid, certificate in rows}


def _sign(session: Session, number: int, found: Sequence[Flaw], clock: Clock) -> int:
    hearing = session.scalars(select(Hearing).where(Hearing.id == number).with_for_update(of=Hearing)).unique().one()
    if hearing.proven_at is not None:
        return 0
    pen, now = pen_of(session), clock()
    hearing.proven_at, hearing.flaws = now, [list(flaw) for flaw in found]
    if not found:
        claims = HearingClaims(
            iss=pen.court, aud=hearing.gateway, hearing=hearing.ref, manifest=hearing.manifest or "",
            iat=int(now.timestamp()),
        )  # fmt: skip
        hearing.countersign = sign("hearing", claims.write(), pen.key, pen.kid)
    told = HearingProven(hearing=hearing.ref, manifest=hearing.manifest or "", flaws=len(found),
                         signature=hearing.countersign or "")  # fmt: skip
    hearing.proven_line = record(session, told).id
    watch.proven(session, hearing, now)
    tell(session, hearing.topic)
    return 1
