"""What the route of a page starts from: a router for pages, the store, the time, and who may look."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.clock import Clock
from central.store import Store
from central.web.look import look_of
from central.web.refused import Refused
from central.web.session import Visitor, our_form, signed_in


def pages() -> APIRouter:
    """A router for pages: not in the API's description, and its forms are ours."""
    return APIRouter(include_in_schema=False, dependencies=[Depends(our_form)])


def store_of(request: Request) -> Store:
    """The application's store (`app.state.store`)."""
    return cast(Store, request.app.state.store)


def blobs_of(request: Request) -> Blobs:
    """The application's blobs (`app.state.blobs`)."""
    return cast(Blobs, request.app.state.blobs)


def now_of(request: Request) -> datetime:
    """The application's time (`app.state.clock`)."""
    clock: Clock = request.app.state.clock
    return clock()


def local(request: Request, at: datetime) -> datetime:
    """That time by the court's clocks; its date is the date in the court."""
    look = look_of(request)
    return at.astimezone(look.zone)


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
        look = look_of(request)
        if not any(look.may(visitor, action) for action in actions):
            raise Refused("您没有查看这一页的权限。需要时请联系管理员。", code="not_allowed", status=403)
        return visitor

    return checked


def go(url: str) -> RedirectResponse:
    """On to another page after a form was taken in, so that reloading does not send it twice."""
    return RedirectResponse(url, 303)


Reading = Annotated[Session, Depends(reading, scope="function")]
"""A route's parameter: the store, to read from; let go before the answer leaves, for who reads it may be slow."""
StoreOf = Annotated[Store, Depends(_store)]
"""A route's parameter: the store. Asked in the event loop, as `Now` is, for each thread costs a request its share."""
Now = Annotated[datetime, Depends(_now)]
"""A route's parameter: the time."""
