"""Rows of people. A file need not carry passwords: a person without one gets it by `user reset`."""

from datetime import datetime

from sqlalchemy.orm import Session

from central.importing.reading import Column, Row, Sort, Table
from central.people.roles import ROLE_NAMES, Actor, checked_roles
from central.people.service import add_person, change_person, person_by_login

_ROLES = {name: role for role, name in ROLE_NAMES.items()}


def _take(session: Session, person: Actor, row: Row, now: datetime) -> Sort:
    roles = row.read("roles", _roles)
    found = person_by_login(session, row.text("login"))
    if found is None:
        password, language = row.text("password"), row.text("language")
        add_person(session, person, row.text("login"), row.text("name"), roles, password, now, language)
        return "new"
    before = (found.name, found.roles, found.language)
    change_person(session, person, found, now, name=row.text("name"), roles=roles, language=row.text("language"))
    return "same" if before == (found.name, found.roles, found.language) else "changed"


def _roles(text: str) -> list[str]:
    for other in "；，、,":
        text = text.replace(other, ";")
    return checked_roles([_ROLES.get(part, part) for part in text.replace(";", " ").split()])


PEOPLE = Table(
    "people.write",
    (
        Column("登录名", "login", needed=True),
        Column("姓名", "name", needed=True),
        Column("角色", "roles", needed=True),
        Column("语言", "language", otherwise="zh"),
        Column("密码", "password"),
    ),
    _take,
)
"""Known by login; name, roles and language are changed to what the file says."""
