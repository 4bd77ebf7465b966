"""Signing in and out, one's own settings, and the people of the court for whoever manages them."""

import secrets
from typing import Annotated, cast

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from central.people import service, sessions
from central.people.roles import ROLE_NAMES, Actor
from central.web import session as web
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused

router = pages()


def here(request: Request) -> Actor:
    """Who is signed in, as an actor; raises NotSignedIn."""
    return cast(Actor, web.signed_in(request))


Here = Annotated[Actor, Depends(here)]
"""A route's parameter: who is signed in."""
Admin = Annotated[Actor, Depends(needs("people.write"))]
Text = Annotated[str, Form()]


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/") -> Response:
    """The form to sign in; whoever is signed in goes on."""
    if web.visitor_of(request):
        return go(web.safe_next(next))
    return page(request, "people/sign_in.html", next=next, login="", refused=None)


@router.post("/sign-in")
def sign_in(request: Request, now: Now, login: Text = "", password: Text = "", next: Text = "/") -> Response:
    """Sign in and go on; a wrong password keeps the login."""
    try:
        token = sessions.sign_in(store_of(request), login, password, now)
    except Refused as refused:
        return page(request, "people/sign_in.html", refused.status, next=next, login=login, refused=refused.said)
    answer = go(web.safe_next(next))
    web.remember(answer, token, secure=request.url.scheme == "https")
    return answer


@router.post("/sign-out")
def sign_out(request: Request) -> RedirectResponse:
    """End the session."""
    with store_of(request).write() as session:
        sessions.sign_out(session, web.token_of(request))
    answer = go("/sign-in")
    web.forget(answer)
    return answer


@router.get("/me")
def me(request: Request, by: Here, session: Reading) -> HTMLResponse:
    """One's own language, password and tokens."""
    return _me(request, by, session)


@router.post("/me/language")
def set_language(request: Request, by: Here, now: Now, language: Text = "") -> RedirectResponse:
    """The language this person reads, on every machine."""
    with store_of(request).write() as session:
        person = service.find_person(session, by.id)
        service.change_person(session, by, person, now, language=language)
    answer = go("/me")
    answer.delete_cookie(web.LANGUAGE_COOKIE)
    return answer


@router.post("/me/password")
def set_own_password(
    request: Request, by: Here, now: Now, old: Text = "", new: Text = "", revokes: Text = ""
) -> Response:
    """A new password for whoever knows the old one; they stay signed in here and nowhere else."""
    store = store_of(request)
    try:
        token = sessions.set_own_password(store, by, old, new, now, keeps_tokens=not revokes)
    except Refused as refused:
        with store.read() as session:
            return _me(request, by, session, refused.status, refused=refused.said, revokes=bool(revokes))
    answer = go("/me?done=password")
    web.remember(answer, token, secure=request.url.scheme == "https")
    return answer


@router.post("/me/tokens")
def issue_token(request: Request, by: Here, now: Now, name: Text = "", role: Text = "") -> HTMLResponse:
    """A token for a program, shown this once."""
    try:
        with store_of(request).write() as session:
            _, token = service.issue_token(session, by, service.find_person(session, by.id), name, role, now)
    except Refused as refused:
        with store_of(request).read() as session:
            return _me(request, by, session, refused.status, refused=refused.said)
    with store_of(request).read() as session:
        return _me(request, by, session, issued=token)


@router.post("/me/tokens/{token}/revoke")
def revoke_token(request: Request, by: Here, now: Now, token: int) -> RedirectResponse:
    """End a token."""
    with store_of(request).write() as session:
        service.revoke_token(session, by, token, now)
    return go("/me")


@router.get("/people")
def people(request: Request, by: Admin, session: Reading) -> HTMLResponse:
    """Everybody, and the form to add somebody."""
    return _people(request, session)


@router.post("/people")
def add_person(
    request: Request,
    by: Admin,
    now: Now,
    login: Text = "",
    name: Text = "",
    roles: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse:
    """Add somebody; their first password is shown once."""
    password = _first_password()
    try:
        with store_of(request).write() as session:
            person = service.add_person(session, by, login, name, roles or [], password, now)
    except Refused as refused:
        form = {"login": login, "name": name, "roles": roles or []}
        with store_of(request).read() as session:
            return _people(request, session, refused.status, refused=refused.said, form=form)
    with store_of(request).read() as session:
        return _people(request, session, shown=(person, password))


@router.post("/people/{person}/reset")
def reset(request: Request, by: Admin, now: Now, person: int) -> HTMLResponse:
    """A new password, shown once; every session of theirs ends, and every token is revoked."""
    password = _first_password()
    hashed = service.hash_password(password)
    with store_of(request).write() as session:
        found = service.find_person(session, person)
        revoked = service.set_password(session, by, found, hashed, now)
    with store_of(request).read() as session:
        return _people(request, session, shown=(found, password), revoked=revoked)


@router.post("/people/{person}")
def change_person(  # noqa: PLR0913  (the fields of a person)
    request: Request,
    by: Admin,
    now: Now,
    person: int,
    name: Text = "",
    roles: Annotated[list[str] | None, Form()] = None,
    disabled: Text = "",
) -> Response:
    """Change what somebody is called and may do, or whether they may sign in."""
    try:
        with store_of(request).write() as session:
            found = service.find_person(session, person)
            service.change_person(session, by, found, now, name=name, roles=roles or [], disabled=bool(disabled))
    except Refused as refused:
        with store_of(request).read() as session:
            return _people(request, session, refused.status, refused=refused.said)
    return go("/people")


def _first_password() -> str:
    return secrets.token_urlsafe(9)


def _me(request: Request, by: Actor, session: Reading, status: int = 200, **context: object) -> HTMLResponse:
    context = {
        "refused": None,
        "issued": None,
        "revokes": True,
        "person": service.find_person(session, by.id),
        "tokens": service.tokens(session, by.id),
        "role_names": ROLE_NAMES,
        "drawn_at": "/me",
        **context,
    }
    return page(request, "people/me.html", status, **context)


def _people(request: Request, session: Reading, status: int = 200, **context: object) -> HTMLResponse:
    context = {
        "refused": None,
        "shown": None,
        "revoked": 0,
        "form": {"login": "", "name": "", "roles": []},
        "people": service.people(session),
        "role_names": ROLE_NAMES,
        "drawn_at": "/people",
        **context,
    }
    return page(request, "people/people.html", status, **context)
