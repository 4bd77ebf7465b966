"""Who may sign in, for how long, and what they may do."""

import json
from datetime import UTC, datetime, timedelta
from threading import Event, Semaphore, Thread

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from central.ledger.tables import LedgerLine
from central.people import service, sessions
from central.people.roles import ROLES, Actor, may
from central.people.tables import ApiToken, Failures, Person, SignIn
from central.store import Store
from central.web.refused import Refused

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PASSWORD = "correct horse"
HASHER = service._hasher
"""As central has it: read before any test runs, for tests hash cheaply."""


def add(store: Store, login: str = "anna", roles: tuple[str, ...] = ("clerk",)) -> Person:
    with store.write() as session:
        return service.add_person(session, service.SYSTEM, login, "安娜", roles, PASSWORD, NOW)


def test_whoever_signs_in_is_known_by_a_token_of_which_only_the_hash_is_kept(store: Store) -> None:
    anna = add(store)
    token = sessions.sign_in(store, " Anna ", PASSWORD, NOW)
    assert sessions.who(store, token, NOW) == anna.actor
    with store.read() as session:
        row = session.scalars(select(SignIn)).one()
    assert token not in row.token and len(row.token) == 64


def test_passwords_are_hashed_at_the_cost_rfc_9106_recommends() -> None:
    assert HASHER().hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_use_keeps_a_session_alive_and_idleness_ends_it(store: Store) -> None:
    add(store)
    token = sessions.sign_in(store, "anna", PASSWORD, NOW)
    used = NOW + sessions.IDLE - timedelta(minutes=1)
    assert sessions.who(store, token, used) is not None
    assert sessions.who(store, token, NOW + sessions.IDLE + timedelta(hours=1)) is not None
    assert sessions.who(store, token, NOW + 3 * sessions.IDLE) is None


def test_signing_out_ends_the_session(store: Store) -> None:
    add(store)
    token = sessions.sign_in(store, "anna", PASSWORD, NOW)
    with store.write() as session:
        sessions.sign_out(session, token)
    assert sessions.who(store, token, NOW) is None


@pytest.mark.parametrize("login", ["anna", "nobody"])
def test_after_five_failures_even_the_right_password_has_to_wait(store: Store, login: str) -> None:
    add(store)
    codes = []
    for _ in range(6):
        with pytest.raises(Refused) as refused:
            sessions.sign_in(store, login, "wrong password", NOW)
        codes.append(refused.value.code)
    assert codes == ["wrong_password"] * 4 + ["wait"] * 2
    with pytest.raises(Refused) as refused:
        sessions.sign_in(store, "anna" if login == "anna" else login, PASSWORD, NOW)
    assert refused.value.status == 429


def test_waiting_helps_and_success_forgets_the_failures(store: Store) -> None:
    add(store)
    for _ in range(5):
        with pytest.raises(Refused):
            sessions.sign_in(store, "anna", "wrong password", NOW)
    later = NOW + timedelta(minutes=1)
    assert sessions.sign_in(store, "anna", PASSWORD, later)
    with pytest.raises(Refused) as refused:
        sessions.sign_in(store, "anna", "wrong password", later)
    assert refused.value.code == "wrong_password"


def test_each_further_failure_doubles_the_wait(store: Store) -> None:
    now = NOW
    waits = []
    for times in range(1, 8):
        with pytest.raises(Refused) as refused:
            sessions.sign_in(store, "anna", "wrong password", now)
        if times >= sessions.TRIES:
            waits.append(refused.value.said.params["seconds"])
        now += timedelta(hours=1)
    assert waits == [30, 60, 120]


def test_who_is_disabled_is_out_at_once_with_every_token(store: Store) -> None:
    anna = add(store)
    token = sessions.sign_in(store, "anna", PASSWORD, NOW)
    with store.write() as session:
        person = service.find_person(session, anna.id)
        _, api = service.issue_token(session, anna.actor, person, "scanner", "clerk", NOW)
        service.change_person(session, service.SYSTEM, person, NOW, disabled=True)
    assert sessions.who(store, token, NOW) is None
    assert service.by_token(store, api) is None
    with pytest.raises(Refused):
        sessions.sign_in(store, "anna", PASSWORD, NOW)


def test_a_new_password_ends_every_session(store: Store) -> None:
    anna = add(store)
    token = sessions.sign_in(store, "anna", PASSWORD, NOW)
    kept = sessions.set_own_password(store, anna.actor, PASSWORD, "another horse", NOW)
    assert sessions.who(store, token, NOW) is None
    assert sessions.who(store, kept, NOW) == anna.actor
    assert sessions.sign_in(store, "anna", "another horse", NOW)


def test_who_found_a_screen_unlocked_may_not_guess_the_password_there_for_long(store: Store) -> None:
    anna = add(store)
    for nth in range(sessions.TRIES):
        last = sessions.TRIES - 1
        with pytest.raises(Refused, match="等" if nth == last else "原密码不对"):
            sessions.set_own_password(store, anna.actor, f"guess {nth}", "another horse", NOW)
    with pytest.raises(Refused, match="等"):
        sessions.set_own_password(store, anna.actor, PASSWORD, "another horse", NOW)
    assert sessions.set_own_password(store, anna.actor, PASSWORD, "another horse", NOW + timedelta(minutes=1))


def test_a_token_carries_one_role_until_it_is_revoked(store: Store) -> None:
    anna = add(store, roles=("clerk", "archivist"))
    with store.write() as session:
        row, token = service.issue_token(
            session, anna.actor, service.find_person(session, anna.id), "scanner", "clerk", NOW
        )
    actor = service.by_token(store, token)
    assert actor is not None and actor.roles == {"clerk"}
    with store.read() as session:
        assert token not in session.get_one(ApiToken, row.id).token
    with store.write() as session:
        service.revoke_token(session, anna.actor, row.id, NOW)
    assert service.by_token(store, token) is None


def test_a_token_with_one_role_cannot_beget_one_with_another(store: Store) -> None:
    anna = add(store, roles=("clerk", "admin"))
    narrow = Actor(anna.id, anna.name, frozenset({"clerk"}))
    with pytest.raises(Refused), store.write() as session:
        service.issue_token(session, narrow, service.find_person(session, anna.id), "x", "admin", NOW)


def test_nobody_revokes_anothers_token_without_the_right_to(store: Store) -> None:
    anna, bela = add(store), add(store, "bela")
    with store.write() as session:
        row, _ = service.issue_token(session, anna.actor, service.find_person(session, anna.id), "x", "clerk", NOW)
    with pytest.raises(Refused), store.write() as session:
        service.revoke_token(session, bela.actor, row.id, NOW)


def test_only_who_manages_people_changes_others(store: Store) -> None:
    anna, bela = add(store), add(store, "bela")
    with pytest.raises(Refused) as refused, store.write() as session:
        service.change_person(session, anna.actor, service.find_person(session, bela.id), NOW, language="en")
    assert refused.value.status == 403
    with store.write() as session:
        person = service.find_person(session, anna.id)
        assert service.change_person(session, anna.actor, person, NOW, language="en").language == "en"
    with pytest.raises(Refused), store.write() as session:
        service.change_person(session, anna.actor, service.find_person(session, anna.id), NOW, roles=["admin"])


def test_an_administrator_cannot_lock_the_court_out_of_its_own_administration(store: Store) -> None:
    root = add(store, roles=("admin",))
    for told in ({"disabled": True}, {"roles": ["clerk"]}):
        with pytest.raises(Refused) as refused, store.write() as session:
            service.change_person(session, root.actor, service.find_person(session, root.id), NOW, **told)  # type: ignore[arg-type]
        assert refused.value.code == "own_administration"
    with store.write() as session:
        person = service.find_person(session, root.id)
        assert service.change_person(session, root.actor, person, NOW, roles=["admin", "clerk"]).disabled_at is None


@pytest.mark.parametrize(
    ("login", "roles", "password", "code"),
    [
        ("anna", ("clerk",), PASSWORD, "login_taken"),
        ("a b", ("clerk",), PASSWORD, "bad_login"),
        ("cleo", ("king",), PASSWORD, "bad_role"),
        ("cleo", (), PASSWORD, "bad_role"),
        ("cleo", ("clerk",), "short", "short_password"),
    ],
)
def test_a_person_that_cannot_be_is_refused(
    store: Store, login: str, roles: tuple[str, ...], password: str, code: str
) -> None:
    add(store)
    with pytest.raises(Refused) as refused, store.write() as session:
        service.add_person(session, service.SYSTEM, login, "某人", roles, password, NOW)
    assert refused.value.code == code


def test_the_ledger_knows_persons_by_number_only(store: Store) -> None:
    anna = add(store)
    sessions.sign_in(store, "anna", PASSWORD, NOW)
    with store.read() as session:
        lines = [json.loads(raw) for raw in session.scalars(select(LedgerLine.raw).order_by(LedgerLine.id))]
    assert [line["type"] for line in lines] == ["book_opened", "person_added", "signed_in"]
    assert lines[2]["body"] == {"person": anna.ref, "actor": anna.ref}
    assert "安娜" not in json.dumps(lines, ensure_ascii=False) and "anna" not in json.dumps(lines)


def test_whoever_manages_people_or_machines_does_not_by_that_move_dossiers() -> None:
    for role in ("admin", "it"):
        actor = Actor(1, "x", frozenset({role}))
        assert not any(may(actor, action) for action in ("volume.deposit", "volume.hand_out", "permit.issue"))
    assert not may(Actor(1, "x", frozenset({"unheard-of"})), "case.read")
    assert set(ROLES) == {"clerk", "judge", "archivist", "it", "admin"}


def test_so_many_passwords_are_looked_at_in_one_moment_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    looking, go_on = Semaphore(0), Event()

    class Slow:
        def hash(self, _: str) -> str:
            return ""

        def verify(self, *_: str) -> bool:
            looking.release()
            return go_on.wait(60)

    monkeypatch.setattr(service, "_hasher", Slow)
    crowd = [Thread(target=service.password_fits, args=("stored", PASSWORD)) for _ in range(9)]
    for each in crowd:
        each.start()
    try:
        assert all(looking.acquire(timeout=30) for _ in range(4))
        assert not service._AT_ONCE.acquire(blocking=False)
    finally:
        go_on.set()
        for each in crowd:
            each.join()
    assert service._AT_ONCE.acquire(blocking=False)
    service._AT_ONCE.release()


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_two_first_failures_at_once_are_two(store: Store) -> None:
    others = []

    def another_fails(session: Session, *_: object) -> None:
        if not others and any(isinstance(each, Failures) for each in session.new):
            others.append(session)
            with pytest.raises(Refused, match="不对"):
                sessions.sign_in(store, "nobody", PASSWORD, NOW)

    event.listen(Session, "before_flush", another_fails)
    try:
        with pytest.raises(Refused, match="不对"):
            sessions.sign_in(store, "nobody", PASSWORD, NOW)
    finally:
        event.remove(Session, "before_flush", another_fails)
    with store.read() as session:
        assert len(others) == 1 and session.get_one(Failures, "nobody").times == 2
