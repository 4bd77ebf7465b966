"""Enrolment: who answers must be the court of the token; what is kept must be readable, private and whole."""

import hashlib
import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from devices.grants import keys_of, read
from gateway.clock import Clock
from gateway.identity import EnrolmentRefused, NoIdentity, enrol, http_token, load
from tests.kit.court import COURT, Court
from tests.kit.http import Answer, Request, serving

NOBODY = "http://127.0.0.1:9"
"""Whoever asks there hears that it cannot be reached, and nothing else."""


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    return Court(tmp_path_factory.mktemp("court"))


def token(court: Court) -> str:
    return "secret." + hashlib.sha256(court.ca.public_bytes(Encoding.DER)).hexdigest()[:32]


def central(court: Court, change: Callable[[dict[str, Any]], object] = lambda _: None) -> Callable[[Request], Answer]:
    """Central's door; `change` spoils its answer."""

    def answer(request: Request) -> Answer:
        asked = json.loads(request.body)
        csr = x509.load_pem_x509_csr(asked["csr"].encode())
        assert csr.is_signature_valid
        assert (request.method, request.path, asked["token"]) == ("POST", "/api/v1/enrol", token(court))
        told = court.answer("locker-a", csr.public_key(), ("127.0.0.1", 8883), "http://127.0.0.1:1")
        change(told)
        return Answer(201, json.dumps(told).encode())

    return answer


def test_an_enrolled_gateway_knows_who_it_is(court: Court, tmp_path: Path) -> None:
    with serving(central(court)) as url:
        enrolled = enrol(url + "/", token(court), tmp_path / "box")
    again = load(tmp_path / "box")
    assert (again.court, again.gateway, again.broker) == (COURT, "locker-a", ("127.0.0.1", 8883))
    assert again.kid == enrolled.kid
    assert again.permit_secret == b"s" * 32
    assert again.tls().verify_mode == ssl.CERT_REQUIRED
    assert (tmp_path / "box" / "key.pem").stat().st_mode & 0o777 == 0o600


def meet(client: ssl.SSLContext, court: Court, now: datetime) -> None:
    """Client and a server with a certificate of that time shake hands; raises ssl.SSLError."""
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pair = court.folder / "pair.pem"
    pair.write_bytes(secret + court.certify("localhost", key.public_key(), now=now).public_bytes(Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pair)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(down, up, server_hostname="localhost"), server.wrap_bio(up, down, server_side=True)]
    for _ in range(4):
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    assert ends[0].version() is not None


@pytest.mark.parametrize("years_off", [0, -30, 30])
def test_a_box_whose_clock_is_years_off_still_reaches_its_court_and_no_other(
    court: Court, tmp_path: Path, years_off: int
) -> None:
    with serving(central(court)) as url:
        box = enrol(url, token(court), tmp_path / "box")
    then = datetime.now(UTC) - timedelta(days=365 * years_off)
    meet(box.tls(), court, then)
    with pytest.raises(ssl.SSLCertVerificationError):
        meet(box.tls(), Court(tmp_path / "stranger"), then)


def test_an_answer_of_another_court_is_refused_and_leaves_nothing(court: Court, tmp_path: Path) -> None:
    stranger = Court(tmp_path / "stranger")
    spoil = {"ca": stranger.ca.public_bytes(Encoding.PEM).decode()}
    with (
        serving(central(court, lambda told: told.update(spoil))) as url,
        pytest.raises(EnrolmentRefused, match="another court"),
    ):
        enrol(url, token(court), tmp_path / "box")
    assert not (tmp_path / "box").exists()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ({"gateway": "host"}, "reserved"),
        ({"certificate": "none"}, "cannot be read"),
        ({"broker": None}, "cannot be read"),
    ],
)
def test_an_answer_that_cannot_be_right_is_refused(
    court: Court, tmp_path: Path, spoil: dict[str, Any], says: str
) -> None:
    with serving(central(court, lambda told: told.update(spoil))) as url, pytest.raises(EnrolmentRefused, match=says):
        enrol(url, token(court), tmp_path / "box")


def test_a_folder_that_takes_nothing_costs_no_token(court: Court, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EnrolmentRefused, match=r"box cannot be written .* the token is still good"):
        enrol(NOBODY, token(court), tmp_path / "file" / "box")


def test_a_gateways_folder_is_not_given_to_another_and_costs_no_token(court: Court, tmp_path: Path) -> None:
    before = court.identity("locker-b", tmp_path / "box")
    with pytest.raises(EnrolmentRefused, match="is a gateway's already: give another --data"):
        enrol(NOBODY, token(court), tmp_path / "box")
    assert load(tmp_path / "box").kid == before.kid


@pytest.mark.parametrize("address", ["central:8443", "central.court.example", "ftp://central", "https://"])
def test_an_address_without_https_says_how_to_write_it(court: Court, tmp_path: Path, address: str) -> None:
    with pytest.raises(EnrolmentRefused, match=f"{address} is no address"):
        enrol(address, token(court), tmp_path / "box")


def test_a_page_that_answers_is_not_shown_to_whoever_asked_for_a_door(court: Court, tmp_path: Path) -> None:
    def page(request: Request) -> Answer:
        return Answer(404, b"<!doctype html><html>nothing here</html>")

    with serving(page) as url, pytest.raises(EnrolmentRefused, match=r"404: .* is the address right\?$"):
        enrol(url, token(court), tmp_path / "box")


def test_a_certificate_for_another_key_is_refused(court: Court, tmp_path: Path) -> None:
    other = court.identity("locker-a", tmp_path / "other").certificate.read_text()
    with (
        serving(central(court, lambda told: told.update(certificate=other))) as url,
        pytest.raises(EnrolmentRefused, match="another key"),
    ):
        enrol(url, token(court), tmp_path / "box")


def test_a_used_token_is_refused_with_what_central_says(court: Court, tmp_path: Path) -> None:
    with serving(lambda _: Answer(403, b"token used")) as url, pytest.raises(EnrolmentRefused, match="token used"):
        enrol(url, token(court), tmp_path / "box")


def test_a_refusal_is_told_in_centrals_own_words_and_in_the_terminals_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"zh": "邀请码已使用。", "en": "The invitation was used."}

    def refuse(request: Request) -> Answer:
        message = told[request.headers["accept-language"]]
        return Answer(403, json.dumps({"error": {"code": "bad_invite", "message": message}}).encode())

    for locale, language in {"zh_CN.UTF-8": "zh", "C.UTF-8": "en"}.items():
        monkeypatch.setenv("LC_ALL", locale)
        with serving(refuse) as url, pytest.raises(EnrolmentRefused, match=f"403: {told[language]}$"):
            enrol(url, "word.root", tmp_path / "box")


def test_a_server_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    with serving(lambda _: Answer(403)) as url:
        pass
    with pytest.raises(EnrolmentRefused, match=f"{url}/api/v1/enrol cannot be reached"):
        enrol(url, "word.root", tmp_path / "box")


def test_no_identity_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoIdentity, match="enrol URL TOKEN"):
        load(tmp_path)
    (tmp_path / "identity.json").write_text("{")
    with pytest.raises(NoIdentity, match="enrol again"):
        load(tmp_path)


def test_keys_of_an_earlier_enrolment_are_gone_for_central_has_withdrawn_them(court: Court, tmp_path: Path) -> None:
    old = court.identity("locker-a", tmp_path / "box")
    (tmp_path / "box" / "sealed-by-earlier.pem").write_bytes(old.key_file.read_bytes())
    new = court.identity("locker-a", tmp_path / "box")
    assert (new.old_keys, new.kid != old.kid) == ({}, True)


def test_the_pass_for_centrals_door_lives_a_minute(court: Court, tmp_path: Path) -> None:
    identity, clock = court.identity("locker-a", tmp_path / "box"), Clock()
    told = read(
        "gateway", http_token(identity, clock), keys_of([identity.key.public_key()]), "locker-a", COURT, clock.now()
    )
    assert told["exp"] - told["iat"] == 60


_OTHER_KEYS = {
    "another kind": ec.generate_private_key(ec.SECP256R1()),
    "a public one": Ed25519PrivateKey.generate().public_key(),
}


@pytest.mark.parametrize("broken", [*_OTHER_KEYS, "cut off", "nothing"])
def test_a_key_that_is_none_of_ours_is_told_and_what_to_do(court: Court, tmp_path: Path, broken: str) -> None:
    box = court.identity("locker-a", tmp_path / "box")
    file = box.key_file
    text = file.read_text()
    file.write_text(text.replace("\n", "\r\n"))
    assert load(tmp_path / "box").kid == box.kid
    match _OTHER_KEYS.get(broken):
        case ec.EllipticCurvePrivateKey() as other:
            file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        case Ed25519PublicKey() as other:
            file.write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        case _:
            file.write_text(text[: len(text) // 2] if broken == "cut off" else "")
    with pytest.raises(NoIdentity, match="enrol again"):
        load(tmp_path / "box")
