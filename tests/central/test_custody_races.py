"""Two act on one thing at the same moment, each in a transaction of its own: the second sees what the first did."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from central.custody import service
from central.custody.permits import expire, find_permit, issue_permit, revoke_permit
from central.custody.sweep import SCAN_WAITS, sweep
from central.custody.tables import Cabinet
from central.web.refused import Refused
from central.wishes.tables import WishRow

from .locker import Locker
from .test_custody import stored

pytestmark = pytest.mark.parametrize("database", ["postgres"], indirect=True)  # SQLite lets one write at a time


def waiting(locker: Locker) -> int:
    with locker.store.write() as session:
        return service.begin_deposit(session, locker.who("clerk"), "HS-0001", "A", locker.now).id


def scanned(locker: Locker, move: int) -> None:
    with locker.store.write() as session:
        service.confirm_scan(session, locker.who("clerk"), move, "HS-0001", locker.now)


def doors_asked(locker: Locker) -> int:
    with locker.store.read() as session:
        return len(session.scalars(select(WishRow).where(WishRow.type == "open_cell")).all())


def test_a_code_scanned_twice_at_once_opens_one_door(locker: Locker) -> None:
    move = waiting(locker)
    with pytest.raises(Refused, match="不在等待扫码"), locker.store.write() as second:
        seen = service.find_move(second, move)
        scanned(locker, move)
        assert seen.state == "SCAN"
        service.confirm_scan(second, locker.who("clerk"), move, "HS-0001", locker.now)
    assert doors_asked(locker) == 1
    assert [locker.cell(n).state for n in (1, 2, 3, 4)].count("reserved") == 1


def test_a_code_that_the_lockers_reader_read_too_opens_one_door(locker: Locker) -> None:
    move = waiting(locker)
    with locker.store.write() as second:
        seen, cabinet = service.find_move(second, move), second.get_one(Cabinet, 1)
        scanned(locker, move)
        assert seen.state == "SCAN"
        service.code_read(second, cabinet, "HS-0001", locker.now)
    assert doors_asked(locker) == 1


def test_a_deposit_is_not_cancelled_while_its_door_is_asked_to_open(locker: Locker) -> None:
    move = waiting(locker)
    with pytest.raises(Refused, match="不能取消"), locker.store.write() as second:
        seen = service.find_move(second, move)
        scanned(locker, move)
        assert seen.state == "SCAN"
        service.cancel(second, locker.who("clerk"), move)
    assert locker.move(move).state == "CMD"


def test_a_scan_in_the_last_moment_counts(locker: Locker) -> None:
    move = waiting(locker)
    locker.now += SCAN_WAITS - timedelta(seconds=1)
    with locker.store.write() as second:
        seen = service.find_move(second, move)
        scanned(locker, move)
        assert seen.state == "SCAN"
        sweep(second, locker.now + timedelta(seconds=2))
    assert locker.move(move).state == "CMD"


def permit_of(locker: Locker) -> str:
    stored(locker)
    with locker.store.write() as session:
        holder, until = locker.who("judge").ref, locker.now + timedelta(hours=1)
        return issue_permit(session, locker.who("clerk"), "HS-0001", holder, until, locker.now).permit.jti


def test_a_permit_used_meanwhile_is_not_revoked(locker: Locker) -> None:
    jti = permit_of(locker)
    with pytest.raises(Refused, match="已使用"), locker.store.write() as second:
        seen = find_permit(second, jti)
        locker.uses_permit(jti, 1)
        assert seen.state == "LIVE"
        revoke_permit(second, locker.who("clerk"), jti, locker.now)
    with locker.store.read() as session:
        assert find_permit(session, jti).state == "USED"


def test_a_permit_used_meanwhile_is_not_expired(locker: Locker) -> None:
    jti = permit_of(locker)
    with locker.store.write() as second:
        seen = find_permit(second, jti)
        locker.uses_permit(jti, 1)
        assert seen.state == "LIVE"
        expire(second, locker.now + timedelta(hours=2))
    with locker.store.read() as session:
        assert find_permit(session, jti).state == "USED"
