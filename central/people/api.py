"""REST: people, tokens for programs, and signing in."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from central.people import service, sessions
from central.people.auth import Acting, needs
from central.people.roles import Actor
from central.people.tables import ApiToken, Person
from central.web.here import Now, StoreOf
from central.web.session import forget, remember, token_of

router = APIRouter(prefix="/api/v1", tags=["people"])

Admin = Annotated[Actor, Depends(needs("people.write"))]


class PersonOut(BaseModel):
    """A person of the court."""

    id: int
    ref: str = Field(description="How lines and other requests name this person.")
    login: str
    name: str
    roles: list[str]
    language: str
    disabled: bool


class PersonIn(BaseModel):
    """A new person; without a password they cannot sign in yet."""

    model_config = ConfigDict(extra="forbid")

    login: str
    name: str
    roles: list[str] = Field(description="clerk, judge, archivist, it, admin")
    password: str = ""
    language: str = "zh"


class PersonPatch(BaseModel):
    """What is to change of a person."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    roles: list[str] | None = None
    language: str | None = None
    disabled: bool | None = None


class Password(BaseModel):
    """A new password."""

    model_config = ConfigDict(extra="forbid")

    password: str


class TokenIn(BaseModel):
    """A token for a program: what it is for, and the one role it carries."""

    model_config = ConfigDict(extra="forbid")

    name: str
    role: str


class TokenOut(BaseModel):
    """A token without its secret."""

    id: int
    name: str
    role: str
    created_at: datetime
    revoked_at: datetime | None


class NewToken(TokenOut):
    """A token just issued; the secret is shown this once."""

    token: str


class SignInRequest(BaseModel):
    """Login and password."""

    model_config = ConfigDict(extra="forbid")

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
def set_password(store: StoreOf, actor: Admin, person: int, told: Password) -> None:
    """A new password; ends every session of that person."""
    with store.write() as session:
        service.set_password(session, actor, service.find_person(session, person), told.password)


@router.get("/tokens")
def tokens(store: StoreOf, actor: Acting) -> list[TokenOut]:
    """One's own tokens, newest first."""
    with store.read() as session:
        return [TokenOut.model_validate(_token(row)) for row in service.tokens(session, actor.id)]


@router.post("/tokens", status_code=201)
def issue_token(store: StoreOf, actor: Acting, now: Now, told: TokenIn) -> NewToken:
    """A token that acts for oneself in one role."""
    with store.write() as session:
        person = service.find_person(session, actor.id)
        row, token = service.issue_token(session, actor, person, told.name, told.role, now)
        return NewToken.model_validate(_token(row) | {"token": token})


@router.delete("/tokens/{token}", status_code=204)
def revoke_token(store: StoreOf, actor: Acting, now: Now, token: int) -> None:
    """From now on the token opens nothing."""
    with store.write() as session:
        service.revoke_token(session, actor, token, now)


def _person(person: Person) -> PersonOut:
    return PersonOut(
        id=person.id,
        ref=person.ref,
        login=person.login,
        name=person.name,
        roles=person.roles,
        language=person.language,
        disabled=person.disabled_at is not None,
    )


def _token(row: ApiToken) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "created_at": row.created_at,
        "revoked_at": row.revoked_at,
    }
