"""The wishes: what was asked of the devices, and the whole life of each."""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from central.people.service import name_of
from central.web.here import Reading, needs, pages
from central.web.look import page
from central.wishes import service
from central.wishes.tables import WAITING, WishRow

router = pages()

Reader = Annotated[Any, Depends(needs("fleet.read", "cabinet.read"))]

PIECE = 50
"""Wishes a piece of the list."""


@router.get("/wishes")
def wishes(request: Request, by: Reader, session: Reading, all: bool = False, page_: int = 0) -> HTMLResponse:
    """Wishes, newest first: those not answered well, or all."""
    found = select(WishRow).order_by(WishRow.asked_at.desc(), WishRow.jti)
    if not all:
        found = found.where(WishRow.state != "answered")
    rows = session.scalars(found.offset(page_ * PIECE).limit(PIECE + 1)).all()
    more = page_ + 1 if len(rows) > PIECE else None
    lives = [(row, service.outcome(row)) for row in rows[:PIECE]]
    topics = [service.topic(row.jti) for row in rows[:PIECE] if row.state in WAITING]
    return page(request, "wishes/wishes.html", lives=lives, all=all, more=more, topics=topics)


@router.get("/wishes/{jti}")
def wish(request: Request, by: Reader, session: Reading, jti: str) -> HTMLResponse:
    """The whole life of one wish."""
    row = service.find(session, jti)
    actor = name_of(session, row.actor)
    return page(
        request, "wishes/wish.html", wish=row, outcome=service.outcome(row), topic=service.topic(jti), actor=actor
    )
