"""What the route of a page starts from: a router for pages, the store, the time, and who may look."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from central.clock import Clock
from central.store import Store
from central.web.look import Look
from central.web.refused import Refused
from central.web.session import Visitor, our_form, signed_in


def pages() -> APIRouter:
    """A router for pages: not in the API's description, and its forms are ours."""
    return APIRouter(include_in_schema=False, dependencies=[Depends(our_form)])


def store_of(request: Request) -> Store:
    """The application's store (`app.state.store`)."""
    return cast(Store, request.app.state.store)


def now_of(request: Request) -> datetime:
    """The application's time (`app.state.clock`)."""
    clock: Clock = request.app.state.clock
    return clock()


def reading(request: Request) -> Iterator[Session]:
    """A consistent view for as long as the page is drawn."""
    with store_of(request).read() as session:
        yield session


async def _store(request: Request) -> Store:
    return store_of(request)


async def _now(request: Request) -> datetime:
    return now_of(request)


def needs(*actions: str) -> Callable[[Request], Visitor]:
    """A dependency that gives who looks, if they may do one of these; raises NotSignedIn or Refused (403)."""

    def checked(request: Request) -> Visitor:
        visitor = signed_in(request)
        look: Look = request.app.state.look
        if not any(look.may(visitor, action) for action in actions):
            raise Refused("您没有查看这一页的权限。需要时请联系管理员。", code="not_allowed", status=403)
        return visitor

    return checked


def go(url: str) -> RedirectResponse:
    """On to another page after a form was taken in, so that reloading does not send it twice."""
    return RedirectResponse(url, 303)


Reading = Annotated[Session, Depends(reading)]
"""A route's parameter: the store, to read from."""
StoreOf = Annotated[Store, Depends(_store)]
"""A route's parameter: the store. Asked in the event loop, as `Now` is, for each thread costs a request its share."""
Now = Annotated[datetime, Depends(_now)]
"""A route's parameter: the time."""
