"""Central signs with another key: a certificate of the court's root introduces it, and it is believed from then on."""

import logging
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from devices.grants import BadToken, introduced, thumbprint
from gateway.identity import Identity, believe

_CENTRAL = "central"
"""Common name of the certificate under which central signs; no gateway's bears it without naming a use."""

log = logging.getLogger(__name__)


def meet(identity: Identity, token: str) -> None:
    """Believe the key of this token from now on, if it is new and the court's root certified it as central's.

    Raises BadToken (`forged`) for a certificate that is another's, OSError if the key cannot be kept.
    """
    certificate = introduced(token)
    if certificate is None or _kid(token) in identity.central_keys:
        return
    key = _certified(identity.ca, certificate)
    if thumbprint(key) != _kid(token):
        raise BadToken("forged", "comes with the certificate of a key that did not sign it")
    believe(identity, key)
    log.warning("central signs with another key from now on, certified by the court's root")


def _kid(token: str) -> str:
    return str(jwt.get_unverified_header(token).get("kid"))


def _certified(root: Path, der: bytes) -> Ed25519PublicKey:
    """The certified key. Raises BadToken."""
    from cryptography import x509  # not at the head: a gateway meets a new key every few years
    from cryptography.exceptions import InvalidSignature
    from cryptography.x509.oid import NameOID

    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(root.read_bytes()))
        names = [each.value for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        uses = any(extension.oid == x509.OID_EXTENDED_KEY_USAGE for extension in certificate.extensions)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise BadToken("forged", f"comes with a certificate the court's root did not give: {error}") from error
    if names != [_CENTRAL] or uses:  # a gateway's certificate is for a client, a server's for a server
        raise BadToken("forged", f"comes with the certificate of {', '.join(map(str, names))}")
    key = certificate.public_key()
    if not isinstance(key, Ed25519PublicKey):
        raise BadToken("forged", "comes with the certificate of a key that signs no tokens")
    return key
