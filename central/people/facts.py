"""What central writes in its own book about persons: numbers and roles, never names."""

from typing import Literal

from devices.messages import Fact


class PersonAdded(Fact):
    """A person may sign in from now on."""

    person: str
    roles: list[str]


class PersonChanged(Fact):
    """A person's record was changed; `fields` names what, not to what."""

    person: str
    fields: list[str]
    roles: list[str] | None = None


class PasswordSet(Fact):
    """A person got a new password; every session of theirs ended."""

    person: str
    tokens_revoked: int = 0
    """Of their programs, each with its own line before this one."""


class SignedIn(Fact):
    """A person signed in."""

    person: str


class SignedOut(Fact):
    """A person signed out."""

    person: str


class SignInBlocked(Fact):
    """Too many failures under one login; it has to wait. `person` is None when nobody has that login."""

    person: str | None = None
    failures: int


class TokenIssued(Fact):
    """A program may act for a person in one role."""

    token: int
    person: str
    role: Literal["clerk", "judge", "archivist", "it", "admin"]


class TokenRevoked(Fact):
    """A program's token no longer opens anything."""

    token: int
