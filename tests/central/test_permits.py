"""A permit opens one cell once, at the locker, whether or not central is there."""

from datetime import timedelta
from pathlib import Path

import pytest
import segno
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from central.custody.permits import Issued, issue_permit, revoke_permit
from central.custody.tables import Permit
from central.store import Store
from central.web.refused import Refused
from devices.box import PermitRefused, PermitUsed, WishInterrupted
from devices.claims import PermitClaims
from devices.grants import MAX_PERMIT, keys_of, pin_fits, read

from .locker import BOX, COURT, SECRET, Locker
from .test_custody import deposit, hand_out, stored


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    locker = Locker(store, court_key, tmp_path / "blobs")
    stored(locker)
    return locker


def issue(locker: Locker, holder: str = "judge", *, bearer: bool = False, hours: float = 4) -> Issued:
    ref = holder if ":" in holder else locker.who(holder).ref
    until = locker.now + timedelta(hours=hours)
    with locker.store.write() as session:
        return issue_permit(session, locker.who("clerk"), "HS-0001", ref, until, locker.now, bearer=bearer)


def permit(locker: Locker, jti: str) -> Permit:
    with locker.store.read() as session:
        return session.get_one(Permit, jti)


def test_a_permit_is_a_short_signed_token_whose_pin_fits_only_with_the_gateways_secret(
    locker: Locker, court_key: Ed25519PrivateKey
) -> None:
    issued = issue(locker)
    claims = PermitClaims.of(read("permit", issued.token, keys_of([court_key.public_key()]), COURT, BOX, locker.now))
    assert (claims.device, claims.cell, claims.exp) == ("wall-a", 1, int((locker.now + timedelta(hours=4)).timestamp()))
    assert len(issued.token) <= MAX_PERMIT
    assert issued.pin is not None and len(issued.pin) == 6
    assert claims.pin is not None and pin_fits(SECRET, claims.jti, issued.pin, claims.pin)
    assert not pin_fits(b"x" * 32, claims.jti, issued.pin, claims.pin)


def test_a_bearer_permit_has_no_pin(locker: Locker, court_key: Ed25519PrivateKey) -> None:
    issued = issue(locker, bearer=True)
    claims = PermitClaims.of(read("permit", issued.token, keys_of([court_key.public_key()]), COURT, BOX))
    assert issued.pin is None and claims.pin is None


def test_the_qr_code_reads_back_as_the_token(locker: Locker, tmp_path: Path) -> None:
    issued = issue(locker)
    assert issued.svg.startswith("<svg")
    segno.make(issued.token, error="m", micro=False).save(str(tmp_path / "permit.png"), scale=4)
    with Image.open(tmp_path / "permit.png") as image:
        # Of QR codes alone: in so many bars some other kind of code may be found too.
        codes = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
        assert [code.text for code in codes] == [issued.token]


def test_a_permit_used_while_central_was_down_gives_the_volume_to_its_holder_as_of_then(locker: Locker) -> None:
    issued = issue(locker)
    locker.later(hours=1)
    then = locker.now
    locker.uses_permit(issued.permit.jti, 1, later=True)
    locker.later(hours=12)
    assert permit(locker, issued.permit.jti).state == "EXPIRED"
    locker.send()
    custody = locker.custody()
    assert (custody.state, custody.holder, custody.since) == ("OUT", locker.who("judge").ref, then)
    assert permit(locker, issued.permit.jti).state == "USED"
    assert locker.alarms() == {}


def test_a_permit_whose_door_has_not_closed_moves_nothing_yet(locker: Locker) -> None:
    issued = issue(locker)
    locker.tell(PermitUsed(cell=1), issued.permit.jti)
    locker.opens(1, issued.permit.jti)
    assert (locker.custody().state, locker.custody().holder) == ("STORED", None)


def test_one_live_permit_a_volume_and_nothing_else_meanwhile(locker: Locker) -> None:
    issue(locker)
    with pytest.raises(Refused, match="已签发取卷凭证"):
        issue(locker)
    with pytest.raises(Refused, match="已签发取卷凭证"):
        hand_out(locker)


def test_a_permit_shown_again_is_refused_and_alarmed(locker: Locker) -> None:
    issued = issue(locker)
    locker.uses_permit(issued.permit.jti, 1)
    locker.tell(PermitRefused(why="repeated", jti=issued.permit.jti), device="gateway")
    assert locker.alarms() == {"permit_repeated": f"permit:{issued.permit.jti}"}
    assert permit(locker, issued.permit.jti).refused == 1


def test_a_wrong_pin_is_counted_and_changes_nothing(locker: Locker) -> None:
    issued = issue(locker)
    locker.tell(PermitRefused(why="wrong_pin", jti=issued.permit.jti), device="gateway")
    found = permit(locker, issued.permit.jti)
    assert (found.state, found.refused, locker.custody().state, locker.alarms()) == ("LIVE", 1, "STORED", {})


def test_a_permit_whose_lock_would_not_obey_leaves_the_volume_where_it_was(locker: Locker) -> None:
    issued = issue(locker)
    locker.tell(PermitUsed(cell=1), issued.permit.jti)
    locker.tell(PermitRefused(why="device_fault", jti=issued.permit.jti), device="gateway")
    assert (permit(locker, issued.permit.jti).state, locker.custody().state) == ("USED", "STORED")
    assert hand_out(locker).state == "CMD"


def test_a_crash_while_a_permit_opens_leaves_the_volume_where_it_was(locker: Locker) -> None:
    issued = issue(locker)
    locker.tell(PermitUsed(cell=1), issued.permit.jti)
    locker.tell(WishInterrupted(wish="permit"), issued.permit.jti)
    assert locker.custody().state == "STORED"


def test_revoking_says_honestly_that_a_locker_may_still_honour_it(locker: Locker) -> None:
    issued = issue(locker)
    with locker.store.write() as session:
        said = revoke_permit(session, locker.who("clerk"), issued.permit.jti, locker.now)
    assert "仍可能开门" in said.text
    locker.uses_permit(issued.permit.jti, 1)
    assert (locker.custody().state, locker.custody().holder) == ("OUT", locker.who("judge").ref)


def test_a_cell_a_revoked_permit_may_still_open_holds_nobody_elses_volume(locker: Locker) -> None:
    issued = issue(locker)
    with locker.store.write() as session:
        revoke_permit(session, locker.who("clerk"), issued.permit.jti, locker.now)
    locker.cycle(hand_out(locker))
    assert locker.wish(deposit(locker).wish).body == {"cell": 2}
    locker.later(hours=5)
    assert locker.wish(deposit(locker, "HS-SECRET").wish).body == {"cell": 1}


def test_a_permit_used_first_overtakes_a_hand_out_that_still_waits(locker: Locker) -> None:
    issued = issue(locker)
    with locker.store.write() as session:
        revoke_permit(session, locker.who("clerk"), issued.permit.jti, locker.now)
    waiting = hand_out(locker, login="clerk2")
    locker.uses_permit(issued.permit.jti, 1)
    assert (locker.move(waiting.id).state, locker.custody().holder) == ("OVERTAKEN", locker.who("judge").ref)


def test_a_permit_for_a_party_never_opens_a_secret_volume(locker: Locker) -> None:
    locker.cycle(deposit(locker, "HS-SECRET"))
    until = locker.now + timedelta(hours=1)
    with pytest.raises(Refused, match="副卷"), locker.store.write() as session:
        issue_permit(session, locker.who("clerk"), "HS-SECRET", "party:1", until, locker.now)


def test_a_permit_lives_at_most_fourteen_days(locker: Locker) -> None:
    with pytest.raises(Refused, match="14"):
        issue(locker, hours=24 * 15)


def test_a_permit_that_does_not_fit_a_qr_code_says_why(locker: Locker) -> None:
    from central.fleet.tables import Gateway

    with locker.store.write() as session:
        cell = session.merge(locker.cell(1))
        cell.device = "w" * 48
        cell.gateway = "g" * 48
        session.add(Gateway(name="g" * 48, permit_secret=SECRET, enrolled_at=locker.now))
    with pytest.raises(Refused, match="太长"):
        issue(locker)
