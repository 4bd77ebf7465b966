"""The keeping of a recording in the browser: its class, who holds it, and its disposal by two people."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from sqlalchemy.orm import Session

from central.hearings import keeping, schedule, transcript
from central.hearings.export import Taker
from central.hearings.tables import Hearing
from central.hearings.taken_away import taken_away
from central.people.roles import Actor, may
from central.people.service import name_of
from central.rules.service import in_force
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page as drawn
from central.web.refused import Refused

router = pages()

Reader = Annotated[Actor, Depends(needs("hearing.read"))]
Keeper = Annotated[Actor, Depends(needs("hearing.keep"))]
Text = Annotated[str, Form()]
_PIECE = 50


@router.get("/hearings/{hearing}/keeping")
def one(request: Request, by: Reader, session: Reading, now: Now, hearing: int) -> HTMLResponse:
    """How long it is kept, by which rule, and what can be done."""
    return _page(request, session, keeping.Hand(by, schedule.find_hearing(session, by, hearing), now))


@router.get("/hearings/{hearing}/accesses")
def accesses(request: Request, by: Keeper, session: Reading, hearing: int, after: int | None = None) -> HTMLResponse:
    """Who listened to it, read it or took a copy, a piece at a time."""
    found = schedule.find_hearing(session, by, hearing)
    return drawn(request, "hearings/accesses.html", hearing=found, **_accesses(session, by, found, after))


@router.get("/hearings/{hearing}/export.zip")
def export(request: Request, by: Keeper, now: Now, hearing: int) -> FileResponse:
    """The whole of it with its proof, to be handed to a stranger."""
    return taken_away(request, store_of(request), Taker(by, now), hearing)


@router.post("/hearings/{hearing}/keeping/{event}")
def step(  # noqa: PLR0913  (who, when, which, what)
    request: Request, by: Keeper, now: Now, hearing: int, event: str, rule: Text = "", words: Text = ""
) -> Response:
    """Class it, hold it, lift that, propose its disposal, approve it."""
    try:
        with store_of(request).write() as session:
            keeping.step(
                session, keeping.Hand(by, schedule.find_hearing(session, by, hearing), now), event, rule, words
            )
    except Refused as refused:
        with store_of(request).read() as session:
            hand = keeping.Hand(by, schedule.find_hearing(session, by, hearing), now)
            return _page(request, session, hand, refused, {event: words})
    return go(f"/hearings/{hearing}/keeping")


def _page(
    request: Request, session: Session, hand: keeping.Hand, refused: Refused | None = None,
    written: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    found, by = hand.hearing, hand.person
    kept = keeping.of(session, found.id)
    names = {ref: name_of(session, ref) for ref in (kept.proposed_by, kept.approved_by) if ref}
    why_not = keeping.against(session, hand, kept)
    context: dict[str, Any] = {"hearing": found, "kept": kept, "classes": keeping.NAMES, "names": names, "by": by}
    context |= {"why_not": why_not.said if why_not else None}
    context |= {"due": keeping.due(session, found, kept), "ground": in_force(session, keeping.RULES[kept.rule])}
    context |= {"refused": refused.said if refused else None, "drawn_at": f"/hearings/{found.id}/keeping"}
    context["written"] = {"hold": "", "propose": "", **(written or {})}
    if may(by, "hearing.keep"):
        context |= _accesses(session, by, found)
    return drawn(request, "hearings/keeping.html", refused.status if refused else 200, **context)


def _accesses(session: Session, by: Actor, hearing: Hearing, after: int | None = None) -> dict[str, Any]:
    rows = transcript.accesses(session, by, hearing, after, _PIECE + 1)
    more, rows = rows[_PIECE - 1].id if len(rows) > _PIECE else None, rows[:_PIECE]
    readers = {ref: name_of(session, ref) for ref in {row.by for row in rows}}
    return {
        "accesses": rows,
        "more": more,
        "readers": readers,
        "by_search": transcript.BY_SEARCH,
        "mixed": transcript.MIXED,
    }
