"""Who asks at the REST API: a browser's session, or a program's token. Routes say which action they need."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from central.people.roles import Actor, must
from central.people.service import by_token
from central.people.sessions import who
from central.web.here import now_of, store_of
from central.web.refused import Refused
from central.web.session import our_form, token_of


async def _bearer(request: Request) -> str | None:
    """The bearer token; without one, a request by cookie that changes something must carry the form's word."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    if token_of(request):
        await our_form(request)
    return None


def acting(request: Request, token: Annotated[str | None, Depends(_bearer)]) -> Actor:
    """Who acts in this request; raises Refused (401)."""
    store, actor = store_of(request), None
    if token is not None:
        with store.read() as session:
            actor = by_token(session, token)
    elif token_of(request):
        actor = who(store, token_of(request), now_of(request))
    if actor is None:
        raise Refused("请先登录，或提供有效的访问令牌。", code="not_signed_in", status=401)
    request.state.visitor = actor
    return actor


def needs(action: str) -> Callable[[Actor], Awaitable[Actor]]:
    """A dependency that gives who acts, if they may do that; raises Refused (401, 403)."""

    async def checked(actor: Annotated[Actor, Depends(acting)]) -> Actor:
        must(actor, action)
        return actor

    return checked


Acting = Annotated[Actor, Depends(acting)]
"""A route's parameter: who acts."""
