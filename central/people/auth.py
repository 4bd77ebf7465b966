"""Who asks at the REST API: a browser's session, or a program's token. Routes say which action they need."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from central.people.roles import Actor, must
from central.people.service import by_token
from central.people.sessions import who
from central.web.here import now_of, store_of
from central.web.refused import Refused
from central.web.session import our_form, token_of

_DESCRIBED = HTTPBearer(auto_error=False, description="A program's token; a person issues it at /me.")


async def _bearer(request: Request, _: Annotated[object, Security(_DESCRIBED)]) -> str | None:
    """The bearer token, None for one by cookie, which must carry the form's word to change something.

    Raises Refused (401) for a request with neither.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    if not token_of(request):
        raise _nobody()
    await our_form(request)
    return None


Bearer = Annotated[str | None, Depends(_bearer)]
"""A parameter of a route that asks by itself who is `acting`: another thread costs a wish its share of the way."""


def acting(request: Request, token: Bearer) -> Actor:
    """Who acts in this request; raises Refused (401)."""
    store = store_of(request)
    actor = who(store, token_of(request), now_of(request)) if token is None else by_token(store, token)
    if actor is None:
        raise _nobody()
    request.state.visitor = actor
    return actor


def _nobody() -> Refused:
    return Refused("请先登录，或提供有效的访问令牌。", code="not_signed_in", status=401)


def needs(action: str) -> Callable[[Actor], Awaitable[Actor]]:
    """A dependency that gives who acts, if they may do that; raises Refused (401, 403)."""

    async def checked(actor: Annotated[Actor, Depends(acting)]) -> Actor:
        must(actor, action)
        return actor

    return checked


Acting = Annotated[Actor, Depends(acting)]
"""A route's parameter: who acts."""
