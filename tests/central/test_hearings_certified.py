"""Minutes signed by a person's own certificate: taken when it proves what it must, and else refused with the reason."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.hearings import certified, minutes, minutes_api
from central.hearings.minutes_pages import take
from central.hearings.minutes_tables import MinutesText
from central.store import Store
from central.web.refused import Refused
from tests.central.courtroom import Courtroom
from tests.central.desk import desk
from tests.central.locker import Locker
from tests.central.programs import bearer, programs
from tests.central.test_hearings_minutes import Office, Told
from tests.kit.databases import sqlite_in
from tests.kit.signing import Card


class Hall:
    """Minutes that wait for signatures, in a court that trusts one authority."""

    def __init__(self, store: Store, key: Ed25519PrivateKey, folder: Path) -> None:
        self.office = Office(Courtroom(Locker(store, key, folder / "blobs")))
        self.office.close().do("draw_up")
        self.text = self.office.do("read_back", how="aloud")
        self.folder = folder
        self.authority = Card(folder / "ca", "司法证书中心")
        self.trusted = self.authority.pem

    def card(self, name: str, **told: Any) -> Card:
        """Somebody's, issued by the trusted authority."""
        return Card(self.folder / "cards", name, self.authority, **told)

    def to_sign(self, key: str) -> bytes:
        """What that one signs."""
        return certified.to_sign(self.office.hearing.ref, 1, key, self.text.text)

    def sign(self, key: str, name: str, signature: bytes, by: str = "clerk") -> MinutesText:
        """It is handed in."""
        room = self.office.room
        with room.store.write() as session:
            hearing = room.find(session, self.office.hearing)
            hand = minutes.Hand(room.actor(by), hearing, room.blobs, "惠山区人民法院", room.locker.now, self.trusted)
            text = take(session, hand, "sign", Told(key=key, name=name, signature=signature))
            session.flush()
            _ = text.signatures
            return text

    def refusal(self, key: str, name: str, signature: bytes, by: str = "clerk") -> str:
        """Why it is not taken; nothing of it is kept."""
        with pytest.raises(Refused) as refused:
            self.sign(key, name, signature, by)
        assert self.office.lines("minutes_certified") == []
        return refused.value.code


@pytest.fixture
def hall(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Hall:
    return Hall(store, court_key, tmp_path)


@pytest.mark.parametrize(
    "told",
    [("-binary",), (), ("-outform", "PEM", "-binary"), ("-binary", "-nodetach"), ("-md", "sha512", "-stream")],
    ids=["DER", "text mode", "PEM", "with its content", "streamed"],
)
def test_a_signature_by_the_persons_own_certificate_is_taken_kept_and_shown(hall: Hall, told: tuple[str, ...]) -> None:
    signature = hall.card("周某").sign(hall.to_sign("plaintiff"), *told)
    one = hall.sign("plaintiff", "周某", signature).signatures[-1]
    assert (one.key, one.subject, one.issuer, one.drawn) == ("plaintiff", "周某", "司法证书中心", None)
    (line,) = hall.office.lines("minutes_certified")
    assert (line["text"], line["key"]) == (hall.text.text, "plaintiff")
    assert hall.office.room.blobs.get(line["signature"]) == signature
    assert hall.office.room.blobs.get(line["authorities"]) == hall.trusted
    assert "周某" not in str(line)


def _other_text(hall: Hall) -> bytes:
    return hall.card("周某").sign(certified.to_sign(hall.office.hearing.ref, 1, "plaintiff", "ab" * 32))


def _other_role(hall: Hall) -> bytes:
    return hall.card("周某").sign(hall.to_sign("defendant"))


def _foreign(hall: Hall) -> bytes:
    return Card(hall.folder, "周某", Card(hall.folder / "x", "外地机构")).sign(hall.to_sign("plaintiff"))


def _of_the_same_name(hall: Hall) -> bytes:
    return Card(hall.folder, "周某", Card(hall.folder / "x", "司法证书中心")).sign(hall.to_sign("plaintiff"))


def _by_a_person(hall: Hall) -> bytes:
    return Card(hall.folder, "周某", hall.card("吴某")).sign(hall.to_sign("plaintiff"), "-certfile", "cards/吴某.pem")


def _expired(hall: Hall) -> bytes:
    return hall.card("周某", ends=datetime(2025, 1, 1, tzinfo=UTC)).sign(hall.to_sign("plaintiff"))


def _two(hall: Hall) -> bytes:
    hall.card("吴某")
    return hall.card("周某").sign(hall.to_sign("plaintiff"), "-signer", "吴某.pem", "-inkey", "吴某.key")


REFUSED: dict[str, Callable[[Hall], bytes]] = {
    "signature_of_other_text": _other_text,
    "signature_of_other_text for another": _other_role,
    "signature_of_other_text without its certificate": lambda hall: hall.card("周某").sign(
        hall.to_sign("plaintiff"), "-nocerts"
    ),
    "issuer_not_trusted": _foreign,
    "issuer_not_trusted of the same name": _of_the_same_name,
    "issuer_not_trusted as a person is no authority": _by_a_person,
    "certificate_expired": _expired,
    "certificate_not_for_signing": lambda hall: hall.card("周某", encrypts=True).sign(hall.to_sign("plaintiff")),
    "certificate_of_another": lambda hall: hall.card("周某某").sign(hall.to_sign("plaintiff")),
    "weak_signature": lambda hall: hall.card("周某").sign(hall.to_sign("plaintiff"), "-md", "sha1"),
    "not_one_signer": _two,
    "no_signature": lambda hall: b"not a signature",
    "no_signature if empty": lambda hall: b"",
    "no_signature if cut off": lambda hall: hall.card("周某").sign(hall.to_sign("plaintiff"))[:200],
    "no_signature if too long": lambda hall: hall.card("周某").sign(hall.to_sign("plaintiff")) + bytes(200_000),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_prove_it_is_refused_with_the_reason(hall: Hall, case: str) -> None:
    assert hall.refusal("plaintiff", "周某", REFUSED[case](hall)) == case.split()[0]


def test_the_judge_signs_in_their_own_session_by_a_certificate_of_their_own_name(hall: Hall) -> None:
    signature = hall.card("赵某").sign(hall.to_sign("presiding"))
    assert hall.refusal("presiding", "赵某", signature) == "not_presiding"
    assert hall.refusal("presiding", "赵某", signature, "judge") == "certificate_of_another"
    signed = hall.sign("presiding", "李法官", hall.card("李法官").sign(hall.to_sign("presiding")), "judge")
    assert signed.signatures[-1].subject == "李法官"


def test_without_a_trusted_authority_nobody_signs_so_and_the_page_says_what_to_do(
    court_key: Ed25519PrivateKey, up_to_date: Path, tmp_path: Path
) -> None:
    store = Store(sqlite_in(tmp_path, up_to_date))
    hall = Hall(store, court_key, tmp_path)
    hall.trusted = b""
    signature = hall.card("周某").sign(hall.to_sign("plaintiff"))
    assert hall.refusal("plaintiff", "周某", signature) == "no_authorities"
    with desk(hall.office.room.locker) as at:
        at.sign_in("clerk")
        page = f"/hearings/{hall.office.hearing.id}/minutes"
        assert "signature_authorities" in at.open(page) and 'name="signature"' not in at.shown
    store.close()


def test_by_rest_the_line_is_read_signed_and_handed_in(hall: Hall) -> None:
    room = hall.office.room
    (hall.folder / "authorities.pem").write_bytes(hall.trusted)
    path = f"/hearings/{hall.office.hearing.id}/minutes"
    with programs(room.locker, minutes_api) as client:
        client.headers.update(bearer(room.locker, "clerk"))
        client.app.state.signature_authorities = hall.folder / "authorities.pem"  # type: ignore[attr-defined]
        (text,) = client.get(path).json()["texts"]
        signature = hall.card("周某").sign(text["to_sign"]["plaintiff"].encode(), "-binary")
        told = {"key": "plaintiff", "name": "周某", "signature": base64.b64encode(signature).decode()}
        (signed,) = client.post(f"{path}/sign", json=told).json()["signatures"]
    assert (signed["subject"], signed["issuer"], signed["drawn"]) == ("周某", "司法证书中心", None)
    assert signed["certified"] == hashlib.sha256(signature).hexdigest()


def test_at_the_page_the_file_is_fetched_signed_and_handed_in(
    court_key: Ed25519PrivateKey, up_to_date: Path, tmp_path: Path
) -> None:
    store = Store(sqlite_in(tmp_path, up_to_date))
    hall = Hall(store, court_key, tmp_path)
    (tmp_path / "authorities.pem").write_bytes(hall.trusted)
    page = f"/hearings/{hall.office.hearing.id}/minutes"
    with desk(hall.office.room.locker) as at:
        at.client.app.state.signature_authorities = tmp_path / "authorities.pem"  # type: ignore[attr-defined]
        at.sign_in("clerk")
        at.open(page)
        content = at.client.get(f"{page}/1/plaintiff.txt").content
        assert content == hall.to_sign("plaintiff")
        signature = hall.card("周某").sign(content)
        told = {"csrf": at.shown.split('name="csrf" content="')[1].split('"')[0], "key": "plaintiff", "name": "周某"}
        wrong = at.client.post(f"{page}/sign", data=told, files={"signature": ("x.p7s", b"no")})
        assert wrong.status_code == 422 and "这不是签名文件" in wrong.text
        shown = at.client.post(f"{page}/sign", data=told, files={"signature": ("x.p7s", signature)})
        assert "周某，由 司法证书中心 签发" in shown.text
        assert at.client.get(f"{page}/1/plaintiff.p7s").content == signature
        assert at.client.get(f"{page}/1/defendant.p7s").status_code == 404
        assert at.client.get(f"{page}/1.pdf").status_code == at.client.get(f"{page}/1.docx").status_code == 200
    store.close()
