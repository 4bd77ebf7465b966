"""Signing in and staying signed in. Passwords are checked outside any transaction, for argon2 takes its time."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.ledger.own import record
from central.people.facts import SignedIn, SignedOut, SignInBlocked
from central.people.roles import Actor
from central.people.service import find_person, hash_password, password_fits, person_by_login, set_password, token_hash
from central.people.tables import Failures, Person, SignIn
from central.store import Store, columns_of
from central.web.refused import Refused

IDLE = timedelta(hours=10)
"""A session ends when nobody used it for that long."""
_SLIDE = timedelta(minutes=5)
TRIES = 5
"""Failures in a row before a login has to wait."""
_WAIT_S = 30
_MAX_WAIT_S = 15 * 60
_FORGET = timedelta(hours=24)
_S, _P = columns_of(SignIn), columns_of(Person)
_SIGNED_IN = select(_P.id, _P.name, _P.roles, _P.language, _S.expires_at).where(
    _S.token == bindparam("token"), _S.expires_at > bindparam("now"), _P.id == _S.person_id, _P.disabled_at.is_(None)
)


def sign_in(store: Store, login: str, password: str, now: datetime) -> str:
    """The token of a new session; raises Refused (wrong, or to wait after TRIES failures in a row)."""
    wrong = Refused("登录名或密码不对。", code="wrong_password", status=401)
    return _if_known(store, login, password, now, wrong, _begin)


def set_own_password(store: Store, by: Actor, old: str, new: str, now: datetime, *, keeps_tokens: bool = False) -> str:
    """A new password for whoever knows the old one; ends all their sessions and gives the token of a new one.

    Raises Refused: the old one is wrong, which counts as a sign-in that failed, or to wait; the new one is too short.
    """
    hashed = hash_password(new)
    with store.read() as session:
        login = find_person(session, by.id).login

    def change(session: Session, person: Person, now: datetime) -> str:
        set_password(session, by, person, hashed, now, keeps_tokens=keeps_tokens)
        return _begin(session, person, now)

    wrong = Refused("原密码不对，密码没有改动。", code="wrong_password", status=422)
    return _if_known(store, login, old, now, wrong, change)


def who(store: Store, token: str, now: datetime) -> Actor | None:
    """Who is signed in under this token, None if nobody (any more); use keeps the session alive."""
    row = store.answer(_SIGNED_IN, token=token_hash(token), now=now)
    if row is None:
        return None
    if row.expires_at - now < IDLE - _SLIDE:
        with store.write() as session:
            found = session.get(SignIn, token_hash(token))
            if found is not None:
                found.expires_at = now + IDLE
    return Actor(row.id, row.name, frozenset(row.roles), row.language)


def sign_out(session: Session, token: str) -> None:
    """End this session; a token that is not known is passed over."""
    row = session.get(SignIn, token_hash(token))
    if row is not None:
        ref = row.person.ref
        session.delete(row)
        record(session, SignedOut(person=ref), actor=ref)


def sweep(session: Session, now: datetime) -> None:
    """Forget sessions that ended and failures that are a day old."""
    session.execute(delete(SignIn).where(SignIn.expires_at <= now))
    session.execute(delete(Failures).where(Failures.last_at <= now - _FORGET))


def _if_known(
    store: Store,
    login: str,
    password: str,
    now: datetime,
    wrong: Refused,
    then: Callable[[Session, Person, datetime], str],
) -> str:
    """What `then` gives for whoever has that login and password; a guess is counted, and raises `wrong` or to wait."""
    login = login.strip().lower()[:40]
    with store.read() as session:
        _not_waiting(session, login, now)
        person = person_by_login(session, login)
        stored = person.password if person is not None and person.disabled_at is None else ""
    fits = password_fits(stored, password)
    with store.write() as session:
        _not_waiting(session, login, now)  # many guesses at once count as many
        if fits and person is not None:
            session.execute(delete(Failures).where(Failures.login == login))
            return then(session, session.get_one(Person, person.id), now)
        waits = _failed(session, login, person, now)
    if waits is not None:
        _raise_wait(waits, now)
    raise wrong


def _begin(session: Session, person: Person, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    session.add(SignIn(token=token_hash(token), person_id=person.id, created_at=now, expires_at=now + IDLE))
    record(session, SignedIn(person=person.ref), actor=person.ref)
    return token


def _failed(session: Session, login: str, person: Person | None, now: datetime) -> datetime | None:
    row = session.get(Failures, login, with_for_update=True)
    if row is None:
        with suppress(IntegrityError), session.begin_nested():  # else another's try was the first, and only just
            session.add(Failures(login=login, times=0, last_at=now))
        row = session.get_one(Failures, login, with_for_update=True)
    row.times, row.last_at = row.times + 1, now
    if row.times < TRIES:
        return None
    row.wait_until = now + timedelta(seconds=min(_WAIT_S * 2 ** min(row.times - TRIES, 10), _MAX_WAIT_S))
    record(session, SignInBlocked(person=person.ref if person else None, failures=row.times))
    return row.wait_until


def _not_waiting(session: Session, login: str, now: datetime) -> None:
    row = session.get(Failures, login)
    if row is not None and row.wait_until is not None and row.wait_until > now:
        _raise_wait(row.wait_until, now)


def _raise_wait(until: datetime, now: datetime) -> None:
    seconds = max(1, round((until - now).total_seconds()))
    raise Refused("连续多次输错，请等 {seconds} 秒再试。", code="wait", status=429, seconds=seconds)
