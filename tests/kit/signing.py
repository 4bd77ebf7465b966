"""Certificates as an authority issues them, and signatures as a person's own program makes them: the real `openssl`."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BEGINS, ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Card:
    """A certificate with its key, as they lie on somebody's card; of an authority if `issuer` is None."""

    def __init__(
        self, folder: Path, name: str, issuer: "Card | None" = None, *, encrypts: bool = False, ends: datetime = ENDS
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self.name, self.key = folder, name, ec.generate_private_key(ec.SECP256R1())
        begun = x509.CertificateBuilder(_name(issuer.name if issuer else name), _name(name), self.key.public_key())
        begun = begun.serial_number(x509.random_serial_number()).not_valid_before(BEGINS).not_valid_after(ends)
        begun = begun.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        usage = x509.KeyUsage(
            digital_signature=not encrypts, content_commitment=False, key_encipherment=encrypts,
            data_encipherment=False, key_agreement=False, key_cert_sign=issuer is None, crl_sign=False,
            encipher_only=False, decipher_only=False,
        )  # fmt: skip
        signed_with = issuer.key if issuer else self.key
        certificate = begun.add_extension(usage, critical=True).sign(signed_with, hashes.SHA256())
        self.pem = certificate.public_bytes(serialization.Encoding.PEM)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.key").write_bytes(self.key.private_bytes(*form))
        (folder / f"{name}.pem").write_bytes(self.pem)

    def sign(self, content: bytes, *told: str) -> bytes:
        """A detached CMS signature, as `openssl cms -sign` makes it when it is told that; else DER."""
        (self._folder / "content").write_bytes(content)
        whose = ("-signer", f"{self.name}.pem", "-inkey", f"{self.name}.key")
        form = told if "-outform" in told else ("-outform", "DER", *told)
        command = ["openssl", "cms", "-sign", "-in", "content", "-out", "signed", *whose, *form]
        subprocess.run(command, cwd=self._folder, capture_output=True, check=True)
        return (self._folder / "signed").read_bytes()
