"""Certificate requests as boxes make them."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding


def request_for(key: Ed25519PrivateKey) -> bytes:
    """A PEM request for this key, under no name."""
    return x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, None).public_bytes(Encoding.PEM)
