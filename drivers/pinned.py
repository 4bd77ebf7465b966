"""TLS to a device whose certificate is its own and names nobody: that very certificate is trusted, and no other."""

import hashlib
import ssl
from typing import Annotated

from pydantic import Field

Fingerprint = Annotated[
    str,
    Field(
        pattern=r"^(([0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2})?$",
        description="SHA-256 of the device's own certificate, in hex; with it no other is spoken to.",
    ),
]
"""The setting `fingerprint` of drivers that speak TLS; empty: none is compared."""


def unchecked() -> ssl.SSLContext:
    """What is said cannot be read on the way; who answers is not proven."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def pinned(fingerprint: str) -> ssl.SSLContext:
    """Whoever answers has the certificate of that SHA-256, or the handshake fails before anything is said."""
    wanted = fingerprint.replace(":", "").lower()

    class Pinned(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            shown = hashlib.sha256(self.getpeercert(binary_form=True) or b"").hexdigest()
            if shown != wanted:
                raise ssl.SSLCertVerificationError(1, f"another certificate than `fingerprint` says, {shown}")

    context = unchecked()
    context.sslobject_class = Pinned
    return context
