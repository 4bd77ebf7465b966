"""Tokens: nothing in one chooses how it is read, and whatever is wrong with it says in which way."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from devices.claims import (
    AckClaims,
    Claims,
    DesiredClaims,
    IdentityClaims,
    PermitClaims,
    SealClaims,
    StoredClaims,
    WishClaims,
)
from devices.grants import LEEWAY_S, MAX_PERMIT, BadToken, Typ, keys_of, pin_check, pin_fits, read, sign, thumbprint

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
T = int(NOW.timestamp())
OURS, THEIRS = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
TRUSTED = keys_of([OURS.public_key()])
HASH = "a" * 64
SAMPLES: dict[Typ, Claims] = {
    "wish": WishClaims(
        iss="huishan", aud="locker-a", jti="w-00000001", iat=T, exp=T + 30, actor="person:7", reason="deposit:12",
        device="wall-a", type="open_cell", body={"cell": 7},
    ),
    "permit": PermitClaims(iss="huishan", aud="locker-a", jti="p0000001", exp=T + 3600, at="wall-a/7", pin="AbCd1234"),
    "seal": SealClaims(iss="locker-a", aud="huishan", book="b1", first=1, seq=9, head=HASH),
    "ack": AckClaims(iss="huishan", aud="locker-a", book="b1", seq=9, head=HASH, iat=T),
    "desired": DesiredClaims(iss="huishan", aud="locker-a", iat=T),
    "stored": StoredClaims(iss="huishan", aud="locker-a", sha256=HASH, size=12, iat=T),
    "gateway": IdentityClaims(iss="locker-a", aud="huishan", iat=T, exp=T + 60),
}  # fmt: skip
EACH = pytest.mark.parametrize("typ", SAMPLES)


def heard(typ: Typ, token: str, **changes: Any) -> Mapping[str, Any]:
    claims = SAMPLES[typ]
    how = {"keys": TRUSTED, "issuer": claims.iss, "audience": claims.aud, "now": None, **changes}
    return read(typ, token, **how)


def why(typ: Typ, token: str, **changes: Any) -> str:
    with pytest.raises(BadToken) as caught:
        heard(typ, token, **changes)
    return caught.value.why


@EACH
def test_what_is_signed_is_what_is_read(typ: Typ) -> None:
    claims = SAMPLES[typ]
    assert type(claims).of(heard(typ, sign(typ, claims.write(), OURS))) == claims


@EACH
def test_a_token_of_another_type_is_forged(typ: Typ) -> None:
    claims = SAMPLES[typ].write()
    for other in SAMPLES:
        if other != typ:
            assert why(typ, sign(other, claims, OURS)) == "forged"


@EACH
def test_a_token_without_a_signature_is_forged(typ: Typ) -> None:
    headers = {"kid": thumbprint(OURS.public_key()), "typ": typ}
    assert why(typ, jwt.encode(SAMPLES[typ].write(), "", algorithm="none", headers=headers)) == "forged"


@EACH
def test_a_token_signed_with_the_public_key_as_a_secret_is_forged(typ: Typ) -> None:
    public = OURS.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    headers = {"kid": thumbprint(OURS.public_key()), "typ": typ}
    assert why(typ, jwt.encode(SAMPLES[typ].write(), public, algorithm="HS256", headers=headers)) == "forged"


@EACH
def test_a_strangers_key_is_forged_even_under_our_thumbprint(typ: Typ) -> None:
    claims = SAMPLES[typ].write()
    assert why(typ, sign(typ, claims, THEIRS)) == "forged"
    assert why(typ, sign(typ, claims, THEIRS, kid=thumbprint(OURS.public_key()))) == "forged"


@EACH
def test_a_token_for_someone_else_is_not_for_us(typ: Typ) -> None:
    assert why(typ, sign(typ, SAMPLES[typ].write(), OURS), audience="locker-b") == "not_for_us"


@EACH
def test_a_token_by_another_issuer_is_forged(typ: Typ) -> None:
    assert why(typ, sign(typ, SAMPLES[typ].write(), OURS), issuer="shahe") == "forged"


@EACH
@pytest.mark.parametrize("missing", ["iss", "aud"])
def test_a_token_that_names_no_issuer_or_audience_is_not_read(typ: Typ, missing: str) -> None:
    claims = {name: value for name, value in SAMPLES[typ].write().items() if name != missing}
    assert why(typ, sign(typ, claims, OURS)) in ("unreadable", "not_for_us", "forged")


@EACH
@given(data=st.data())
def test_a_token_with_one_changed_character_is_not_believed(typ: Typ, data: st.DataObject) -> None:
    token = sign(typ, SAMPLES[typ].write(), OURS)
    head, body, signature = token.split(".")
    signed = f"{head}.{body}"
    at = data.draw(st.integers(0, len(signed) - 1).filter(lambda index: signed[index] != "."))
    letter = data.draw(st.sampled_from("Ab0_").filter(lambda letter: letter != signed[at]))
    why(typ, f"{signed[:at]}{letter}{signed[at + 1 :]}.{signature}")


@given(st.text(max_size=60))
def test_noise_is_unreadable_and_nothing_worse(noise: str) -> None:
    assert why("wish", noise) == "unreadable"


@pytest.mark.parametrize("typ", ["wish", "permit", "gateway"])
def test_a_token_is_believed_until_it_expires_and_five_seconds_more(typ: Typ) -> None:
    claims = SAMPLES[typ]
    token = sign(typ, claims.write(), OURS)
    end = datetime.fromtimestamp(claims.write()["exp"], UTC)
    heard(typ, token, now=end + timedelta(seconds=LEEWAY_S))
    assert why(typ, token, now=end + timedelta(seconds=LEEWAY_S, milliseconds=1)) == "expired"


def test_a_token_from_the_future_is_not_valid_yet() -> None:
    token = sign("wish", SAMPLES["wish"].write(), OURS)
    heard("wish", token, now=NOW - timedelta(seconds=LEEWAY_S))
    assert why("wish", token, now=NOW - timedelta(seconds=LEEWAY_S + 1)) == "expired"
    later = SAMPLES["permit"].write() | {"nbf": T + 600}
    assert why("permit", sign("permit", later, OURS), now=NOW) == "expired"


def test_a_token_that_should_expire_and_names_no_time_is_unreadable() -> None:
    claims = {name: value for name, value in SAMPLES["wish"].write().items() if name != "exp"}
    assert why("wish", sign("wish", claims, OURS), now=NOW) == "unreadable"


def test_claims_that_lack_a_word_name_it() -> None:
    with pytest.raises(BadToken, match="device") as caught:
        WishClaims.of({name: value for name, value in SAMPLES["wish"].write().items() if name != "device"})
    assert caught.value.why == "unreadable"


def test_a_permit_with_the_names_of_the_demo_fits_its_qr_code() -> None:
    assert len(sign("permit", SAMPLES["permit"].write(), OURS)) <= MAX_PERMIT


def test_a_permit_knows_its_bank_and_cell() -> None:
    permit = SAMPLES["permit"]
    assert isinstance(permit, PermitClaims)
    assert (permit.device, permit.cell) == ("wall-a", 7)


@given(secret=st.binary(min_size=16, max_size=32), pin=st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_a_pin_fits_its_own_permit_only(secret: bytes, pin: str) -> None:
    check = pin_check(secret, "p0000001", pin)
    assert pin_fits(secret, "p0000001", pin, check)
    assert not pin_fits(secret, "p0000002", pin, check)
    assert not pin_fits(secret, "p0000001", f"{(int(pin) + 1) % 10**6:06}", check)
    assert not pin_fits(secret + b"x", "p0000001", pin, check)
