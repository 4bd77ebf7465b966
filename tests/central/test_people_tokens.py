"""Whoever lost an account to somebody else gets it back whole: with the password go the tokens that were issued."""

import json
import re

from sqlalchemy import select

from central.ledger.tables import LedgerLine
from central.people import api, service
from central.people.service import SYSTEM, add_person, by_token, find_person

from .desk import PASSWORD, Desk
from .locker import Locker
from .programs import bearer, programs, token

NEW = "another horse battery"


def told(locker: Locker, type_: str) -> list[dict[str, object]]:
    """The lines of that type in central's book."""
    with locker.store.read() as session:
        found = session.scalars(select(LedgerLine.raw).where(LedgerLine.type == type_).order_by(LedgerLine.id))
        return [json.loads(raw)["body"] for raw in found]


def test_a_reset_on_the_page_revokes_every_token_and_says_how_many(at: Desk, locker: Locker) -> None:
    first, second, other = token(locker, "clerk"), token(locker, "clerk"), token(locker, "judge")
    with locker.store.write() as session:
        add_person(session, SYSTEM, "root", "管理员", ["admin"], "", locker.now)
    at.sign_in("root")
    at.open("/people")
    clerk = locker.who("clerk")
    assert "同时撤销了 2 个令牌" in at.send(f"/people/{clerk.id}/reset")
    assert by_token(locker.store, first) is by_token(locker.store, second) is None
    assert by_token(locker.store, other) == locker.who("judge")
    by = locker.who("root").ref
    assert told(locker, "password_set")[-1] == {"person": clerk.ref, "tokens_revoked": 2, "actor": by}
    assert told(locker, "token_revoked") == [{"token": 1, "actor": by}, {"token": 2, "actor": by}]
    assert "令牌。用它们" not in at.send(f"/people/{clerk.id}/reset")


def test_a_password_set_by_rest_revokes_every_token(locker: Locker) -> None:
    with locker.store.write() as session:
        add_person(session, SYSTEM, "root", "管理员", ["admin"], "", locker.now)
    lost = bearer(locker, "clerk")
    with programs(locker, api) as client:
        assert client.get("/api/v1/me", headers=lost).status_code == 200
        way = f"/api/v1/people/{locker.who('clerk').id}/password"
        assert client.put(way, headers=bearer(locker, "root"), json={"password": NEW}).status_code == 204
        assert client.get("/api/v1/me", headers=lost).status_code == 401


def test_whoever_changes_their_own_password_chooses_whether_programs_go_on(at: Desk, locker: Locker) -> None:
    at.sign_in("clerk")
    assert 'name="revokes"' not in at.open("/me")
    kept = token(locker, "clerk")
    assert re.search(r'name="revokes" value="1" checked', at.open("/me"))
    shown = at.send("/me/password", 422, old="wrong", new=NEW)
    assert 'name="revokes" value="1">' in shown, "what was chosen stands there again"
    at.send("/me/password", old=PASSWORD, new=NEW)
    assert by_token(locker.store, kept) == locker.who("clerk")
    shown = at.send("/me/password", old=NEW, new=PASSWORD, revokes="1")
    assert by_token(locker.store, kept) is None
    assert "密码已更换" in shown and "已撤销" in shown and 'name="revokes"' not in shown
    assert [line.get("tokens_revoked", 0) for line in told(locker, "password_set")] == [0, 0, 1]


def test_a_disabled_person_s_tokens_open_nothing_when_they_come_back_either(locker: Locker) -> None:
    lost = bearer(locker, "clerk")
    with programs(locker, api) as client:
        for disabled in (True, False):
            with locker.store.write() as session:
                clerk = find_person(session, locker.who("clerk").id)
                service.change_person(session, SYSTEM, clerk, locker.now, disabled=disabled)
            assert client.get("/api/v1/me", headers=lost).status_code == 401
    assert len(told(locker, "token_revoked")) == 1
