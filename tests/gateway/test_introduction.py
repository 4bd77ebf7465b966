"""Central signs with another key: a box that knows only the former one meets it by the court's root, and only so."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from central import pki
from devices.grants import BadToken, read, sign, thumbprint
from gateway.identity import Identity, load, save
from gateway.introduction import meet

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLAIMS = {"iss": "huishan", "aud": "locker-a"}


@pytest.fixture
def authority(tmp_path: Path) -> pki.Authority:
    return pki.create(tmp_path / "pki", "huishan", ["127.0.0.1"], NOW)


@pytest.fixture
def box(authority: pki.Authority, tmp_path: Path) -> Identity:
    """A box enrolled under the court's first signing key."""
    key = Ed25519PrivateKey.generate()
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, None).public_bytes(Encoding.PEM)
    answer = {
        "ca": pki.pem(authority.root),
        "certificate": pki.pem(authority.certify_gateway("locker-a", request, NOW)),
        "court": "huishan",
        "gateway": "locker-a",
        "central_keys": [authority.signing_public_pem],
        "central_url": "https://127.0.0.1:1",
        "broker": {"host": "127.0.0.1", "port": 1},
        "permit_secret": base64.b64encode(b"x" * 32).decode(),
    }
    return save(tmp_path / "box", key, answer)


def token(key: Ed25519PrivateKey, certificate: x509.Certificate | None) -> str:
    shown = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() if certificate else None
    return sign("ack", CLAIMS, key, introduction=shown)


def believed(box: Identity, told: str) -> dict[str, object]:
    meet(box, told)
    return read("ack", told, box.central_keys, "huishan", "locker-a")


def test_a_key_the_root_certified_as_centrals_is_believed_and_still_after_a_restart(
    authority: pki.Authority, box: Identity, tmp_path: Path
) -> None:
    first = token(authority.signing_key, None)
    rotated = pki.rotate_signing(authority, NOW)
    assert rotated.introduction and rotated.former == (authority.signing,)
    told = sign("ack", CLAIMS, rotated.signing_key, introduction=rotated.introduction)
    assert believed(box, told) == CLAIMS
    again = load(tmp_path / "box")
    assert read("ack", token(rotated.signing_key, None), again.central_keys, "huishan", "locker-a") == CLAIMS
    assert believed(again, first) == CLAIMS, "what the former key signed, such as a permit, stays good"


def test_the_certificate_of_a_gateway_of_a_server_or_of_another_court_is_none_of_centrals(
    authority: pki.Authority, box: Identity, tmp_path: Path
) -> None:
    gateway_key = Ed25519PrivateKey.generate()
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(gateway_key, None).public_bytes(Encoding.PEM)
    stranger = pki.create(tmp_path / "stranger", "huishan", ["127.0.0.1"], NOW)
    server = x509.load_pem_x509_certificate((authority.folder / "https.pem").read_bytes())
    for key, certificate in (
        (gateway_key, authority.certify_gateway("locker-b", request, NOW)),
        (gateway_key, authority.certify_gateway("central", request, NOW)),
        (stranger.signing_key, stranger.signing),
        (gateway_key, server),
    ):
        with pytest.raises(BadToken):
            believed(box, token(key, certificate))
    assert set(box.central_keys) == {thumbprint(authority.signing_key.public_key())}


def test_a_certificate_shown_beside_another_key_lends_it_no_trust(authority: pki.Authority, box: Identity) -> None:
    rotated, thief = pki.rotate_signing(authority, NOW), Ed25519PrivateKey.generate()
    with pytest.raises(BadToken):
        believed(box, token(thief, rotated.signing))
    assert set(box.central_keys) == {thumbprint(authority.signing_key.public_key())}


@pytest.mark.parametrize("shown", ["", "no base64!", base64.b64encode(b"no certificate").decode()])
def test_what_is_no_certificate_is_no_introduction(box: Identity, shown: str) -> None:
    with pytest.raises(BadToken):
        believed(box, sign("ack", CLAIMS, Ed25519PrivateKey.generate(), introduction=shown))


def test_a_rotation_cut_short_goes_on_where_it_was(authority: pki.Authority) -> None:
    rotated = pki.rotate_signing(authority, NOW)
    folder = authority.folder
    (folder / "signing.pem").replace(folder / "next-signing.pem")
    (folder / "signing.pem").write_text(pki.pem(authority.signing))
    loaded = pki.load(folder)
    assert loaded.signing == rotated.signing and loaded.former == (authority.signing,)
