"""The transcript in the browser: read, played word by word from the seat's own channel, corrected, searched."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Form, Header, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from central.hearings import captions, course, doors, keeping, schedule, transcript
from central.hearings.spoken import Utterance
from central.hearings.tables import Hearing
from central.people.roles import Actor
from central.people.service import name_of
from central.web.here import Now, Reading, blobs_of, go, needs, pages, store_of
from central.web.look import page as drawn
from central.web.look import words
from central.web.refused import Refused
from devices.agenda import ROLE_NAMES

router = pages()

Listener = Annotated[Actor, Depends(needs("hearing.listen"))]
Corrector = Annotated[Actor, Depends(needs("hearing.correct"))]
_HITS = 30
_LEAD = 10
"""Utterances that are shown above the one that was asked for."""
_KINDS = {"srt": "application/x-subrip; charset=utf-8", "vtt": "text/vtt; charset=utf-8"}


@router.get("/hearings/search")
def search(  # noqa: PLR0913  (what, which piece, where)
    request: Request, by: Listener, session: Reading, now: Now, q: str = "", below: int | None = None,
    hearing: int | None = None,
) -> HTMLResponse:  # fmt: skip
    """What was said at all hearings, or at one, to be played where it is found; that it was read is on record."""
    one = schedule.find_hearing(session, by, hearing) if hearing is not None else None
    hits = transcript.search(session, by, q, _HITS + 1, below, hearing) if q.strip() else []
    if hits:
        with store_of(request).write() as writing:
            transcript.found(writing, by, hits[:_HITS], now)
    more = hits[_HITS - 1].utterance.id if len(hits) > _HITS else None
    context: dict[str, Any] = {"hits": hits[:_HITS], "more": more, "q": q, "role_names": ROLE_NAMES, "one": one}
    return drawn(
        request, "hearings/hits.html" if below is not None else "hearings/search.html", clock=course.clock, **context
    )


@router.get("/hearings/{hearing}/transcript")
def read(  # noqa: PLR0913  (which piece of it)
    request: Request, by: Listener, now: Now, hearing: int, after: int | None = None, before: int | None = None,
    at: int | None = None, sample: int | None = None,
) -> Response:  # fmt: skip
    """What was said, in pieces: from the beginning, `at` an utterance or a `sample`. That it was read is on record."""
    with store_of(request).write() as session:
        transcript.accessed(session, by, schedule.find_hearing(session, by, hearing), "read", "", now)
    with store_of(request).read() as session:
        found = schedule.find_hearing(session, by, hearing)
        if sample is not None:
            there = transcript.said_at(session, hearing, sample)
            return go(f"/hearings/{hearing}/transcript" + (f"?at={there}#u-{there}" if there else ""))
        mark = transcript.come_so_far(session)
        context = _piece(session, found, after=after, before=before, at=at)
        if after is not None or before is not None:
            return drawn(request, "hearings/said.html", **context)
        context |= {"told": _told(request, session, found), "mark": mark}
        context["disposed_at"] = keeping.of(session, hearing).disposed_at
        return drawn(request, "hearings/transcript.html", **context)


@router.get("/hearings/{hearing}/transcript/news")
def news(request: Request, by: Listener, now: Now, hearing: int, taken: int = 0, corrected: int = 0) -> HTMLResponse:
    """What was taken in or corrected since; that it was read is on record."""
    with store_of(request).write() as session:
        transcript.accessed(session, by, schedule.find_hearing(session, by, hearing), "read", "", now)
    with store_of(request).read() as session:
        found = schedule.find_hearing(session, by, hearing)
        said, mark = transcript.since(session, hearing, transcript.Mark(taken, corrected))
        context = _shown(session, found, said) | {"told": _told(request, session, found), "mark": mark}
        return drawn(request, "hearings/news.html", **context)


@router.get("/hearings/{hearing}/transcript.{form}")
def copy(request: Request, by: Listener, now: Now, hearing: int, form: str) -> Response:
    """The transcript as captions, `srt` or `vtt`; that it was copied is on record."""
    write = {"srt": captions.srt, "vtt": captions.vtt}.get(form)
    if write is None:
        raise Refused("笔录不能导出成“{form}”，可用 srt 或 vtt。", code="no_such_form", status=404, form=form)
    say = words(request).say
    with store_of(request).write() as session:
        found = schedule.find_hearing(session, by, hearing)
        transcript.accessed(session, by, found, "copy", form, now)
        speakers = {seat: say(ROLE_NAMES[role]) for seat, role in found.seats.items()}
        text = write(transcript.whole(session, hearing), found.rate or 1, speakers)
    headers = {"content-disposition": f'attachment; filename="{found.ref}.{form}"'}
    return Response(text, 200, headers, _KINDS[form])


@router.get("/hearings/{hearing}/sound/{segment}/{seat}")
def sound(  # noqa: PLR0913  (the parts of an address, and a header)
    request: Request, by: Listener, now: Now, hearing: int, segment: int, seat: str,
    range_: Annotated[str | None, Header(alias="range")] = None,
) -> Response:  # fmt: skip
    """One seat's own channel in one segment, or all of them (`mixed`); that it was listened to is on record."""
    with store_of(request).write() as session:
        found = schedule.find_hearing(session, by, hearing)
        heard = transcript.sound_of(session, hearing, segment, seat)
        transcript.accessed(session, by, found, "listen", f"{segment} {seat}", now)
    return doors.sound(blobs_of(request), heard, range_)


@router.post("/hearings/{hearing}/utterances/{utterance}")
def correct(
    request: Request, by: Corrector, now: Now, hearing: int, utterance: int, text: Annotated[str, Form()] = ""
) -> Response:
    """Say what was really said."""
    with store_of(request).write() as session:
        found = schedule.find_hearing(session, by, hearing)
        transcript.correct(session, by, found, utterance, text, now)
    if request.headers.get("x-csrf"):  # the page's own script: its reader stays where he is
        return Response(status_code=204)
    return go(f"/hearings/{hearing}/transcript?at={utterance}#u-{utterance}")


def _piece(
    session: Session, hearing: Hearing, *, after: int | None, before: int | None, at: int | None
) -> dict[str, Any]:
    """A piece of the transcript and what leads on from it: `more` below, `less` above."""
    size, number = transcript.PIECE, hearing.id
    if before is not None:
        said = transcript.lead(session, number, before, size)
        return _shown(session, hearing, said) | {"less": _above(session, number, said)}
    above = transcript.lead(session, number, at, _LEAD) if at is not None else []
    after = above[-1].id if above else after
    below = transcript.piece(session, number, after, size + 1)
    more = below[size - 1].id if len(below) > size else None
    said = [*above, *below[:size]]
    return _shown(session, hearing, said) | {"more": more, "less": _above(session, number, above)}


def _above(session: Session, hearing: int, said: Sequence[Utterance]) -> int | None:
    """The first of them, if there is something before it."""
    return said[0].id if said and transcript.lead(session, hearing, said[0].id, 1) else None


def _shown(session: Session, hearing: Hearing, said: Sequence[Utterance]) -> dict[str, Any]:
    context: dict[str, Any] = {"hearing": hearing, "said": said, "more": None, "less": None}
    context |= {"names": _names(session, said), "role_names": ROLE_NAMES, "by_words": transcript.BY_WORDS}
    return context | {"clock": lambda sample: course.clock(hearing, sample)}


def _told(request: Request, session: Session, hearing: Hearing) -> str:
    """What the player has to know: each segment with its seats and device, who sits where, how fast devices ran."""
    events, recorded = course.events(session, hearing.id), course.segments(session, hearing.id)
    laid, say = course.laid(events, recorded), words(request).say
    told = [
        [s.number, s.from_sample, s.to_sample, s.rate, [one.seat for one in s.sounds],
         course.device_of(s), s.mixed is not None, laid[s.number]]
        for s in recorded
    ]  # fmt: skip
    roles = {seat: say(ROLE_NAMES[role]) for seat, role in hearing.seats.items()}
    return json.dumps({"hearing": hearing.id, "segments": told, "roles": roles, "drift": course.drift(events)})


def _names(session: Session, said: Sequence[Utterance]) -> dict[str, str]:
    refs = {correction.by for utterance in said for correction in utterance.corrections}
    return {ref: name_of(session, ref) for ref in refs if ref != transcript.BY_WORDS}
