"""The court's small certificate authority: a root, central's signing key, and the certificates of servers and gateways.

The root and TLS servers use ECDSA P-256, which everything speaks. What signs tokens (central, gateways) is Ed25519.
Private keys lie in `<home>/pki`, readable by central alone.
"""

import base64
import ipaddress
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central import durable

ROOT = "root"
ROOT_KEY = "root.key"
"""Need not lie here from day to day: a careful court keeps it in a safe."""
SIGNING = "signing"
BROKER = "broker"
HTTPS = "https"
CLIENT = "client"
CENTRAL = "central"
"""Common name of central's certificates, and its user name at the broker."""

_ROOT_NAME = "Courtside "
_NEXT = "next-signing"
_FORMER = "former-signing-"
_ROOT_LIFE = timedelta(days=3650 * 2)
_LIFE = timedelta(days=3650)
_EARLY = timedelta(minutes=10)  # a gateway's clock may run a little behind

PrivateKey = ec.EllipticCurvePrivateKey | Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | Ed25519PublicKey


class BadRequest(ValueError):
    """The certificate request cannot be signed; the text says why."""


class NoKeys(Exception):
    """The home folder holds no keys, or they do not fit together; the text says which."""


class RootAway(NoKeys):
    """What only the root's key can sign is to be signed, and that key is not here; the text says what to do."""


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's DER, hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def pem(certificate: x509.Certificate) -> str:
    """The certificate as PEM text."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_of(certificate: x509.Certificate) -> Ed25519PublicKey:
    """The Ed25519 key a certificate speaks of; raises ValueError if it is of another sort."""
    key = certificate.public_key()
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("the certificate's key is not Ed25519")
    return key


def is_signed_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    """True if this root signed the certificate."""
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


@dataclass(frozen=True)
class Authority:
    """The court's keys, as they lie in `folder`. The root's own is read only to certify something."""

    folder: Path
    root: x509.Certificate
    signing: x509.Certificate
    signing_key: Ed25519PrivateKey
    former: tuple[x509.Certificate, ...] = ()
    """Certificates of the keys that signed before; the keys themselves are gone."""
    gateway_life: timedelta = _LIFE
    """How long a gateway's certificate is good; it renews itself well before."""

    @property
    def introduction(self) -> str | None:
        """The signing key's certificate (DER, base64) if it is not the first, which gateways got at enrolment."""
        der = self.signing.public_bytes(serialization.Encoding.DER)
        return base64.b64encode(der).decode() if self.former else None

    @property
    def court(self) -> str:
        """Whose root it is."""
        (name,) = self.root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(name.value).removeprefix(_ROOT_NAME)

    @property
    def root_fingerprint(self) -> str:
        """By which a stranger knows the court."""
        return fingerprint(self.root)

    @property
    def signing_public_pem(self) -> str:
        """The public key of central's tokens, PEM."""
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.signing_key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()

    def certify_gateway(self, name: str, request: bytes, now: datetime) -> x509.Certificate:
        """A certificate for the Ed25519 key of this PEM request, with `name` whatever it asked for.

        Raises BadRequest.
        """
        try:
            asked = x509.load_pem_x509_csr(request)
        except ValueError as error:
            raise BadRequest(f"no certificate request: {error}") from error
        key = asked.public_key()
        if not isinstance(key, Ed25519PublicKey):
            raise BadRequest("the key must be Ed25519")
        if not asked.is_signature_valid:
            raise BadRequest("the request is not signed by its own key")
        return self._certify(name, key, now, client=True, life=self.gateway_life)

    def certify_server(self, which: str, hosts: Iterable[str], now: datetime) -> None:
        """Make key and certificate of a TLS server under these names and addresses; writes `which`.key and .pem."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = list(dict.fromkeys(hosts))
        certificate = self._certify(names[0], key.public_key(), now, hosts=names)
        _write_pair(self.folder, which, certificate, key)

    def crl(self, serials: Iterable[int]) -> bytes:
        """The court's list of certificates that are good no more (PEM); like the root it never runs out before it."""
        root = self.root
        begun = x509.CertificateRevocationListBuilder().issuer_name(root.subject)
        begun = begun.last_update(root.not_valid_before_utc).next_update(root.not_valid_after_utc)
        for serial in sorted(set(serials)):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(root.not_valid_before_utc)
            begun = begun.add_revoked_certificate(entry.build())
        return begun.sign(self._root_key(), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def path(self, name: str) -> Path:
        """A file of the folder, such as `broker.pem`."""
        return self.folder / name

    def client_context(self, name: str = CENTRAL) -> ssl.SSLContext:
        """TLS as the central of that name at the broker, where a certificate is good for one client."""
        which = CLIENT if name == CENTRAL else f"{CLIENT}-{name}"
        context = ssl.create_default_context(cafile=str(self.path("root.pem")))
        context.load_cert_chain(self.path(f"{which}.pem"), self.path(f"{which}.key"))
        return context

    def certify_central(self, name: str, now: datetime) -> None:
        """Make the client certificate of one more central, unless it has one."""
        which = f"{CLIENT}-{name}"
        if name != CENTRAL and not self.path(f"{which}.pem").exists():
            key = ec.generate_private_key(ec.SECP256R1())
            _write_pair(self.folder, which, self._certify(name, key.public_key(), now, client=True), key)

    def certify_reader(self, name: str, now: datetime) -> tuple[bytes, bytes]:
        """Certificate and key (PEM) of a program that only reads at the broker, as long good as a gateway's."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certify(name, key.public_key(), now, client=True, life=self.gateway_life)
        return pem(certificate).encode(), _secret(key)

    def stand_in(self, folder: Path, name: str, now: datetime) -> tuple[Path, Path]:
        """Certificate and key for a minute in a gateway's place at the broker, as files of that folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certify(name, key.public_key(), now, client=True, life=timedelta(minutes=1))
        _write_pair(folder, CLIENT, certificate, key)
        return folder / f"{CLIENT}.pem", folder / f"{CLIENT}.key"

    def _certify(
        self,
        name: str,
        key: PublicKey,
        now: datetime,
        *,
        client: bool = False,
        hosts: Iterable[str] = (),
        life: timedelta = _LIFE,
    ) -> x509.Certificate:
        issuer = (self.root.subject, self._root_key())
        return _certificate(name, key, issuer, now, client=client, hosts=list(hosts), life=life)

    def certify_signing(self, key: Ed25519PrivateKey, now: datetime) -> x509.Certificate:
        """The certificate of a key that signs in central's name. Raises RootAway."""
        return self._certify(CENTRAL, key.public_key(), now)

    def _root_key(self) -> ec.EllipticCurvePrivateKey:
        key = _root_key(self.folder)
        if key is None:
            raise RootAway(f"{self.folder / ROOT_KEY} is not here; put it back, and away again afterwards")
        return key


def create(folder: Path, court: str, hosts: Iterable[str], now: datetime) -> Authority:
    """Make every key of a new court; `hosts` are the names and addresses of its servers.

    Raises FileExistsError rather than overwrite a root.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if (folder / ROOT_KEY).exists() or (folder / f"{ROOT}.pem").exists():
        raise FileExistsError(f"{folder} has a root already; a court has one")
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _root(_ROOT_NAME + court, root_key, now)
    _write_pair(folder, ROOT, root, root_key)
    issuer = (root.subject, root_key)
    signing_key = Ed25519PrivateKey.generate()
    signing = _certificate(CENTRAL, signing_key.public_key(), issuer, now)
    _write_pair(folder, SIGNING, signing, signing_key)
    client_key = ec.generate_private_key(ec.SECP256R1())
    _write_pair(folder, CLIENT, _certificate(CENTRAL, client_key.public_key(), issuer, now, client=True), client_key)
    authority = Authority(folder, root, signing, signing_key)
    for which in (BROKER, HTTPS):
        authority.certify_server(which, hosts, now)
    return authority


def load(folder: Path) -> Authority:
    """The court's keys; the root's own may be away. Raises NoKeys."""
    try:
        _take_next(folder)
        root = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
        signing = x509.load_pem_x509_certificate((folder / "signing.pem").read_bytes())
        signing_key = serialization.load_pem_private_key((folder / "signing.key").read_bytes(), None)
    except (OSError, ValueError) as error:
        raise NoKeys(f"{folder}: {error}") from error
    root_key = _root_key(folder)
    if not isinstance(signing_key, Ed25519PrivateKey):
        raise NoKeys(f"{folder}: signing.key must be Ed25519")
    if root_key is not None and root_key.public_key() != root.public_key():
        raise NoKeys(f"{folder}: root.key and root.pem do not belong together")
    if signing_key.public_key() != signing.public_key() or not is_signed_by(signing, root):
        raise NoKeys(f"{folder}: signing.key, signing.pem and root.pem do not belong together")
    former = (x509.load_pem_x509_certificate(path.read_bytes()) for path in sorted(folder.glob(f"{_FORMER}*.pem")))
    others = tuple(certificate for certificate in former if certificate != signing)
    return Authority(folder, root, signing, signing_key, others)


def _root_key(folder: Path) -> ec.EllipticCurvePrivateKey | None:
    """The root's key, None while it is away. Raises NoKeys."""
    try:
        key = serialization.load_pem_private_key((folder / ROOT_KEY).read_bytes(), None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise NoKeys(f"{folder / ROOT_KEY}: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise NoKeys(f"{folder / ROOT_KEY} must be P-256")
    return key


def rotate_signing(authority: Authority, now: datetime) -> Authority:
    """Make another signing key; the old one's certificate is kept, its key is destroyed. Raises OSError, RootAway."""
    folder, former = authority.folder, authority.signing
    key = Ed25519PrivateKey.generate()
    certificate = authority.certify_signing(key, now)
    durable.write(folder / f"{_FORMER}{fingerprint(former)[:16]}.pem", pem(former).encode(), 0o644)
    _write_pair(folder, _NEXT, certificate, key)
    _take_next(folder)
    return load(folder)


def _take_next(folder: Path) -> None:
    """The next signing key becomes the signing key; called again after a power cut it goes on where it was."""
    for ending in ("key", "pem"):
        if (folder / f"{_NEXT}.pem").exists() and (folder / f"{_NEXT}.{ending}").exists():
            (folder / f"{_NEXT}.{ending}").replace(folder / f"{SIGNING}.{ending}")
            durable.keep_names(folder)


def _root(name: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _begun(subject, subject, key.public_key(), now, _ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def _certificate(  # noqa: PLR0913
    name: str,
    key: PublicKey,
    issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey],
    now: datetime,
    *,
    client: bool = False,
    hosts: Iterable[str] = (),
    life: timedelta = _LIFE,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begun = _begun(subject, issuer[0], key, now, life)
    begun = begun.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    begun = begun.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key()), critical=False
    )
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH] if client else []
    alternatives = [_alternative(host) for host in hosts]
    if alternatives:
        uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
        begun = begun.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    if uses:
        begun = begun.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    return begun.sign(issuer[1], hashes.SHA256())


def _begun(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLY)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_pair(folder: Path, name: str, certificate: x509.Certificate, key: PrivateKey) -> None:
    durable.write(folder / f"{name}.key", _secret(key))
    durable.write(folder / f"{name}.pem", pem(certificate).encode(), 0o644)


def _secret(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
