"""Persons: adding them, changing them, finding them, and the tokens by which programs act for them."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from central.ledger.own import record
from central.people.facts import PasswordSet, PersonAdded, PersonChanged, TokenIssued, TokenRevoked
from central.people.roles import ROLES, Actor, checked_roles, may, must
from central.people.tables import ApiToken, Person, SignIn
from central.store import Store, columns_of, row_in, tell
from central.web.refused import Refused

MIN_PASSWORD = 8
_AT_ONCE = BoundedSemaphore(4)
"""Passwords looked at in the same moment: each takes 64 MB, and anybody may send as many as he likes."""
TOKEN_PREFIX = "ct_"  # noqa: S105  (marks our tokens for secret scanners; no secret)

_T, _P = columns_of(ApiToken), columns_of(Person)
_BY_TOKEN = select(_P.id, _P.name, _P.roles, _P.language, _T.role).where(
    _T.token == bindparam("token"), _T.revoked_at.is_(None), _P.id == _T.person_id, _P.disabled_at.is_(None)
)

SYSTEM = Actor(0, "系统", frozenset(ROLES))
"""The installation itself, acting from its command line or by its clock."""


def add_person(  # noqa: PLR0913  (the fields of a person)
    session: Session,
    by: Actor,
    login: str,
    name: str,
    roles: Collection[str],
    password: str,
    now: datetime,
    language: str = "zh",
) -> Person:
    """A new person; an empty password cannot sign in. Raises Refused (login taken, unknown role, short password)."""
    must(by, "people.write")
    login, name = _login(login), _said(name, "姓名")
    if person_by_login(session, login) is not None:
        raise Refused("登录名“{login}”已有人使用。", code="login_taken", login=login)
    person = Person(
        login=login,
        name=name,
        roles=checked_roles(roles),
        language=_language(language),
        password=hash_password(password) if password else "",
        created_at=now,
    )
    session.add(person)
    session.flush()
    record(session, PersonAdded(person=person.ref, roles=person.roles), actor=by.ref)
    tell(session, "people")
    return person


def change_person(  # noqa: PLR0913
    session: Session,
    by: Actor,
    person: Person,
    now: datetime,
    *,
    name: str | None = None,
    roles: Collection[str] | None = None,
    language: str | None = None,
    disabled: bool | None = None,
) -> Person:
    """Change what is given; disabling ends every session and token. Their own language anybody may choose."""
    if by.id != person.id or (name, roles, disabled) != (None, None, None):
        must(by, "people.write")
    if by.id == person.id and (disabled or (roles is not None and "admin" not in roles)) and "admin" in person.roles:
        text = "不能停用自己，也不能去掉自己的管理员角色，什么也没有改动。请由另一位管理员办理。"
        raise Refused(text, code="own_administration", status=409)
    changed: list[str] = []
    if name is not None and _said(name, "姓名") != person.name:
        person.name = name.strip()
        changed.append("name")
    if roles is not None and checked_roles(roles) != person.roles:
        person.roles = checked_roles(roles)
        changed.append("roles")
    if language is not None and _language(language) != person.language:
        person.language = language
        changed.append("language")
    if disabled is not None and disabled != (person.disabled_at is not None):
        person.disabled_at = now if disabled else None
        changed.append("disabled" if disabled else "enabled")
        session.execute(delete(SignIn).where(SignIn.person_id == person.id))
        _revoke_all(session, by, person, now)
    if changed:
        roles_now = person.roles if "roles" in changed else None
        record(session, PersonChanged(person=person.ref, fields=changed, roles=roles_now), actor=by.ref)
        tell(session, "people")
    return person


def set_password(
    session: Session, by: Actor, person: Person, hashed: str, now: datetime, *, keeps_tokens: bool = False
) -> int:
    """A new password for this person, by themselves or by whoever manages people; ends every session of theirs.

    `hashed` is what `hash_password` made of it before the transaction: it takes its time, and others wait to write.
    Gives how many tokens were revoked with it, for whoever knew the old password may have issued some: every one of
    theirs, unless whoever changes their own password keeps them.
    """
    if by.id != person.id:
        must(by, "people.write")
    person.password = hashed
    session.execute(delete(SignIn).where(SignIn.person_id == person.id))
    revoked = 0 if keeps_tokens else _revoke_all(session, by, person, now)
    record(session, PasswordSet(person=person.ref, tokens_revoked=revoked), actor=by.ref)
    return revoked


def people(session: Session) -> Sequence[Person]:
    """Everybody, by login."""
    return session.scalars(select(Person).order_by(Person.login)).all()


def person_by_login(session: Session, login: str) -> Person | None:
    """Whoever has that login."""
    return session.scalars(select(Person).where(Person.login == login.strip().lower())).one_or_none()


def find_person(session: Session, person: int) -> Person:
    """The person of that number; raises Refused (404)."""
    found = session.get(Person, person)
    if found is None:
        raise Refused("没有编号为 {person} 的人员。", code="no_such_person", status=404, person=person)
    return found


def actor_of(session: Session, ref: str) -> Actor:
    """Who `person:3` is, acting with every role; raises Refused (403) for one who no longer works here."""
    person = _named(session, ref)
    if person is None or person.disabled_at is not None:
        raise Refused("办理人已停用，请换人办理。", code="person_disabled", status=403)
    return person.actor


def name_of(session: Session, ref: str) -> str:
    """What `person:3` is called, here still or not; any other reference is given back as it is."""
    person = _named(session, ref)
    return person.name if person is not None else ref


def _named(session: Session, ref: str) -> Person | None:
    kind, _, told = ref.partition(":")
    number = row_in(told)
    return session.get(Person, number) if kind == "person" and number is not None else None


def issue_token(
    session: Session, by: Actor, person: Person, name: str, role: str, now: datetime
) -> tuple[ApiToken, str]:
    """A token for a program: the row, and the token itself, which is shown this once."""
    if by.id != person.id:
        must(by, "people.write")
    if role not in person.roles or (by.id == person.id and role not in by.roles):
        raise Refused("{name}没有“{role}”这个角色。", code="bad_role", status=422, name=person.name, role=role)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        person_id=person.id, person=person, name=_said(name, "名称"), role=role, token=token_hash(token), created_at=now
    )
    session.add(row)
    session.flush()
    record(session, TokenIssued.model_validate({"token": row.id, "person": person.ref, "role": role}), actor=by.ref)
    return row, token


def revoke_token(session: Session, by: Actor, token: int, now: datetime) -> None:
    """From now on this token opens nothing; raises Refused (404) for one that is not the person's to revoke."""
    row = session.get(ApiToken, token)
    if row is None or (row.person_id != by.id and not may(by, "people.write")):
        raise Refused("没有编号为 {token} 的令牌。", code="no_such_token", status=404, token=token)
    if row.revoked_at is None:
        _revoke(session, by, row, now)


def _revoke_all(session: Session, by: Actor, person: Person, now: datetime) -> int:
    """No token of theirs opens anything any more; gives how many did."""
    good = session.scalars(select(ApiToken).where(ApiToken.person_id == person.id, ApiToken.revoked_at.is_(None))).all()
    for row in good:
        _revoke(session, by, row, now)
    return len(good)


def _revoke(session: Session, by: Actor, row: ApiToken, now: datetime) -> None:
    row.revoked_at = now
    record(session, TokenRevoked(token=row.id), actor=by.ref)


def tokens(session: Session, person: int) -> Sequence[ApiToken]:
    """The tokens of a person, newest first."""
    return session.scalars(select(ApiToken).where(ApiToken.person_id == person).order_by(ApiToken.id.desc())).all()


def by_token(store: Store, token: str) -> Actor | None:
    """Who acts under this API token, with the one role it carries; None if it opens nothing (any more)."""
    row = store.answer(_BY_TOKEN, token=token_hash(token))
    return row and Actor(row.id, row.name, frozenset({row.role} & set(row.roles)), row.language)


def token_hash(token: str) -> str:
    """What is stored of a random token: enough to know it again, nothing to use."""
    return hashlib.sha256(token.encode()).hexdigest()


def check_person(login: str, name: str, password: str) -> None:
    """Raises Refused for what is wrong with the fields themselves, as `add_person` would."""
    _login(login)
    _said(name, "姓名")
    _long_enough(password)


def hash_password(password: str) -> str:
    """argon2id; raises Refused for a password that is too short."""
    with _AT_ONCE:
        return _hasher().hash(_long_enough(password))


def _long_enough(password: str) -> str:
    if len(password) < MIN_PASSWORD:
        raise Refused("密码至少 {n} 个字符。", code="short_password", status=422, n=MIN_PASSWORD)
    return password


def password_fits(stored: str, password: str) -> bool:
    """True if it is this password; takes as long when nobody has the login (`stored` empty)."""
    try:
        with _AT_ONCE:
            return _hasher().verify(stored or _nobody(), password) and bool(stored)
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def _login(login: str) -> str:
    login = login.strip().lower()
    if not login or len(login) > 40 or not all(sign.isalnum() or sign in "._-" for sign in login):
        raise Refused("登录名只能用字母、数字和 . _ -，最多 40 个字符。", code="bad_login", status=422)
    return login


def _said(text: str, what: str) -> str:
    text = text.strip()
    if not text or len(text) > 80:
        raise Refused("“{what}”不能为空，最多 80 个字符。", code="bad_field", status=422, what=what)
    return text


def _language(language: str) -> str:
    if language not in ("zh", "en"):
        raise Refused("语言只有 zh 和 en。", code="bad_language", status=422)
    return language
