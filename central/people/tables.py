"""Persons, the sessions they signed in to, failed attempts, and tokens for programs."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from central.people.roles import Actor, person_ref
from central.store import Base


class Person(Base):
    """Somebody who works at the court. The name stands here and nowhere in the ledger."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    roles: Mapped[list[str]]
    language: Mapped[str] = mapped_column(String(8), default="zh")
    password: Mapped[str] = mapped_column(String(200))
    """argon2id hash; empty: cannot sign in."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    @property
    def ref(self) -> str:
        """How lines name this person."""
        return person_ref(self.id)

    @property
    def actor(self) -> Actor:
        """This person acting with every role."""
        return Actor(self.id, self.name, frozenset(self.roles), self.language)


class SignIn(Base):
    """One session; only the SHA-256 of its token is kept."""

    __tablename__ = "sign_ins"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)

    person: Mapped[Person] = relationship()


class Failures(Base):
    """How often signing in under a login failed in a row, and until when it must wait."""

    __tablename__ = "sign_in_failures"

    login: Mapped[str] = mapped_column(String(40), primary_key=True)
    times: Mapped[int]
    last_at: Mapped[datetime]
    wait_until: Mapped[datetime | None]


class ApiToken(Base):
    """A program's key to the API: acts for its person, with one of that person's roles."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(16))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the token, which was shown once."""
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()
