"""Central as it signs what it hands out of the ledger, with every certificate a stranger needs for it."""

from sqlalchemy import select

from central import pki
from central.fleet.tables import GatewayKey
from central.ledger.export import Signatory
from central.ledger.own import Pen
from central.store import Store
from devices.grants import thumbprint


def signatory(store: Store, authority: pki.Authority, pen: Pen) -> Signatory:
    """Central's pen, and the certificate of every key that ever sealed a line here."""
    with store.read() as session:
        rows = session.execute(select(GatewayKey.kid, GatewayKey.certificate))
        certificates = {kid: certificate for kid, certificate in rows}
    ours = (authority.signing, *authority.former)
    certificates |= {thumbprint(pki.key_of(certificate)): pki.pem(certificate) for certificate in ours}
    return Signatory(pen, pki.pem(authority.root), certificates)
