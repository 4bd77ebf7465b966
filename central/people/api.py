"""REST: people, tokens for programs, and signing in."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from central.people import service, sessions
from central.people.auth import Acting, needs
from central.people.roles import Actor
from central.people.tables import Person
from central.web.here import Now, StoreOf
from central.web.rest import In, Out
from central.web.session import forget, remember, token_of

router = APIRouter(prefix="/api/v1", tags=["people"])

Admin = Annotated[Actor, Depends(needs("people.write"))]


class PersonOut(Out):
    """A person of the court."""

    id: int
    ref: str = Field(description="How lines and other requests name this person.")
    login: str
    name: str
    roles: list[str]
    language: str
    disabled: bool


class PersonIn(In):
    """A new person; without a password they cannot sign in yet."""

    login: str
    name: str
    roles: list[str] = Field(description="clerk, judge, archivist, it, admin")
    password: str = ""
    language: str = "zh"


class PersonPatch(In):
    """What is to change of a person."""

    name: str | None = None
    roles: list[str] | None = None
    language: str | None = None
    disabled: bool | None = None


class Password(In):
    """A new password."""

    password: str


class TokenIn(In):
    """A token for a program: what it is for, and the one role it carries."""

    name: str
    role: str


class TokenOut(Out):
    """A token without its secret."""

    id: int
    name: str
    role: str
    created_at: datetime
    revoked_at: datetime | None


class NewToken(TokenOut):
    """A token just issued; the secret is shown this once."""

    token: str


class SignInRequest(In):
    """Login and password."""

    login: str
    password: str


@router.post("/session", status_code=204)
def sign_in(request: Request, response: Response, store: StoreOf, now: Now, told: SignInRequest) -> None:
    """Sign in: the session comes as a cookie. Five failures in a row and the login has to wait (429)."""
    token = sessions.sign_in(store, told.login, told.password, now)
    remember(response, token, secure=request.url.scheme == "https")


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, store: StoreOf, _: Acting) -> None:
    """Sign out."""
    with store.write() as session:
        sessions.sign_out(session, token_of(request))
    forget(response)


@router.get("/me")
def me(store: StoreOf, actor: Acting) -> PersonOut:
    """Who this session or token acts for."""
    with store.read() as session:
        return _person(service.find_person(session, actor.id))


@router.get("/people")
def people(store: StoreOf, _: Admin) -> list[PersonOut]:
    """Everybody, by login."""
    with store.read() as session:
        return [_person(person) for person in service.people(session)]


@router.post("/people", status_code=201)
def add(store: StoreOf, actor: Admin, now: Now, told: PersonIn) -> PersonOut:
    """A new person."""
    with store.write() as session:
        return _person(
            service.add_person(session, actor, told.login, told.name, told.roles, told.password, now, told.language)
        )


@router.patch("/people/{person}")
def change(store: StoreOf, actor: Acting, now: Now, person: int, told: PersonPatch) -> PersonOut:
    """Change a person; their own language anybody may choose."""
    with store.write() as session:
        found = service.find_person(session, person)
        return _person(service.change_person(session, actor, found, now, **told.model_dump(exclude_none=True)))


@router.put("/people/{person}/password", status_code=204)
def set_password(store: StoreOf, actor: Admin, now: Now, person: int, told: Password) -> None:
    """A new password; ends every session of that person and revokes every token."""
    hashed = service.hash_password(told.password)
    with store.write() as session:
        service.set_password(session, actor, service.find_person(session, person), hashed, now)


@router.get("/tokens")
def tokens(store: StoreOf, actor: Acting) -> list[TokenOut]:
    """One's own tokens, newest first."""
    with store.read() as session:
        return [TokenOut.of(row) for row in service.tokens(session, actor.id)]


@router.post("/tokens", status_code=201)
def issue_token(store: StoreOf, actor: Acting, now: Now, told: TokenIn) -> NewToken:
    """A token that acts for oneself in one role."""
    with store.write() as session:
        person = service.find_person(session, actor.id)
        row, token = service.issue_token(session, actor, person, told.name, told.role, now)
        return NewToken.of(row, token=token)


@router.delete("/tokens/{token}", status_code=204)
def revoke_token(store: StoreOf, actor: Acting, now: Now, token: int) -> None:
    """From now on the token opens nothing."""
    with store.write() as session:
        service.revoke_token(session, actor, token, now)


def _person(person: Person) -> PersonOut:
    return PersonOut.of(person, disabled=person.disabled_at is not None)
