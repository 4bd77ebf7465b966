"""The court's certificate authority."""

import ssl
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from central import pki

from .box import NOON
from .keys import request_for


@pytest.fixture
def authority(tmp_path: Path) -> pki.Authority:
    """A new court's keys."""
    return pki.create(tmp_path / "pki", "huishan", ["127.0.0.1", "broker.court"], NOON)


def test_keys_come_back_as_they_were_made_and_only_their_owner_can_read_them(authority: pki.Authority) -> None:
    loaded = pki.load(authority.folder)
    assert loaded.root_fingerprint == authority.root_fingerprint
    assert loaded.signing_key.public_key() == authority.signing_key.public_key()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in authority.folder.glob("*.key")}
    assert modes == {0o600}
    assert stat.S_IMODE(authority.folder.stat().st_mode) == 0o700


def test_a_court_has_one_root(authority: pki.Authority) -> None:
    with pytest.raises(FileExistsError):
        pki.create(authority.folder, "huishan", ["127.0.0.1"], NOON)


def test_a_gateways_certificate_bears_the_name_central_gives_it_and_the_key_it_made(authority: pki.Authority) -> None:
    key = Ed25519PrivateKey.generate()
    certificate = authority.certify_gateway("locker-a", request_for(key), NOON)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "locker-a"
    assert pki.key_of(certificate) == key.public_key()
    assert pki.is_signed_by(certificate, authority.root)


def test_a_request_not_signed_by_its_own_key_or_of_another_kind_is_refused(authority: pki.Authority) -> None:
    good = request_for(Ed25519PrivateKey.generate())
    lines = good.decode().splitlines()
    lines[-2] = "A" * (len(lines[-2]) - 2) + "=="
    for bad in (b"no request", "\n".join(lines).encode()):
        with pytest.raises(pki.BadRequest):
            authority.certify_gateway("locker-a", bad, NOON)


def test_only_what_the_root_must_sign_needs_its_key_which_may_come_back(authority: pki.Authority) -> None:
    key = authority.folder / pki.ROOT_KEY
    safe = key.read_bytes()
    key.unlink()
    away = pki.load(authority.folder)
    assert away.client_context() is not None
    request = request_for(Ed25519PrivateKey.generate())
    for what in (
        lambda: away.certify_gateway("locker-a", request, NOON),
        lambda: away.crl([7]),
        lambda: pki.rotate_signing(away, NOON),
    ):
        with pytest.raises(pki.RootAway, match="put it back"):
            what()
    with pytest.raises(FileExistsError):
        pki.create(authority.folder, "huishan", ["127.0.0.1"], NOON)
    assert pki.load(authority.folder).signing == authority.signing
    key.write_bytes(safe)
    assert away.certify_gateway("locker-a", request, NOON).issuer == authority.root.subject


def test_another_roots_key_is_not_believed(authority: pki.Authority, tmp_path: Path) -> None:
    other = pki.create(tmp_path / "other", "huishan", ["127.0.0.1"], NOON)
    (other.folder / pki.ROOT_KEY).replace(authority.folder / pki.ROOT_KEY)
    with pytest.raises(pki.NoKeys, match="belong together"):
        pki.load(authority.folder)


def test_keys_that_do_not_belong_together_are_not_loaded(authority: pki.Authority, tmp_path: Path) -> None:
    other = pki.create(tmp_path / "other", "huishan", ["127.0.0.1"], NOON)
    (other.folder / "signing.key").replace(authority.folder / "signing.key")
    with pytest.raises(pki.NoKeys, match="belong together"):
        pki.load(authority.folder)
    with pytest.raises(pki.NoKeys):
        pki.load(tmp_path / "nowhere")


def test_tls_trusts_the_courts_root_alone_and_shows_centrals_certificate(authority: pki.Authority) -> None:
    context = authority.client_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert any("Courtside huishan" in str(ca) for ca in context.get_ca_certs())
