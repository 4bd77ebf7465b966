"""The transcript in the browser: read, played word by word from the seat's own channel, corrected, searched."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Form, Header, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from central.hearings import captions, course, doors, keeping, schedule, transcript
from central.hearings.schedule_pages import blobs_of
from central.hearings.spoken import Utterance
from central.hearings.tables import Hearing, Segment
from central.people.roles import Actor
from central.people.service import name_of
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page as drawn
from central.web.look import words
from central.web.refused import Refused
from devices.agenda import ROLE_NAMES

router = pages()

Listener = Annotated[Actor, Depends(needs("hearing.listen"))]
Corrector = Annotated[Actor, Depends(needs("hearing.correct"))]
_HITS = 30
_KINDS = {"srt": "application/x-subrip; charset=utf-8", "vtt": "text/vtt; charset=utf-8"}


@router.get("/hearings/search")
def search(request: Request, by: Listener, session: Reading, q: str = "", below: int | None = None) -> HTMLResponse:
    """What was said at all hearings, to be played where it is found."""
    hits = transcript.search(session, by, q, _HITS + 1, below) if q.strip() else []
    more = hits[_HITS - 1].utterance.id if len(hits) > _HITS else None
    context: dict[str, Any] = {"hits": hits[:_HITS], "more": more, "q": q, "role_names": ROLE_NAMES}
    return drawn(
        request, "hearings/hits.html" if below is not None else "hearings/search.html", clock=course.clock, **context
    )


@router.get("/hearings/{hearing}/transcript")
def read(request: Request, by: Listener, now: Now, hearing: int, after: int = -1) -> HTMLResponse:
    """What was said, in pieces; that it was read is on record."""
    with store_of(request).write() as session:
        transcript.accessed(session, by, schedule.find_hearing(session, by, hearing), "read", "", now)
    with store_of(request).read() as session:
        found = schedule.find_hearing(session, by, hearing)
        said = transcript.piece(session, hearing, after, transcript.PIECE + 1)
        more = said[transcript.PIECE - 1].from_sample if len(said) > transcript.PIECE else None
        context: dict[str, Any] = {"hearing": found, "said": said[: transcript.PIECE], "more": more}
        context |= {"names": _names(session, said), "role_names": ROLE_NAMES, "by_words": transcript.BY_WORDS}
        context |= {"clock": lambda sample: course.clock(found, sample)}
        if after >= 0:
            return drawn(request, "hearings/said.html", **context)
        context["segments"] = _segments(found, course.segments(session, hearing))
        context["disposed_at"] = keeping.of(session, hearing).disposed_at
        return drawn(request, "hearings/transcript.html", **context)


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
    """One seat's own channel in one segment; that it was listened to is on record."""
    with store_of(request).write() as session:
        found = schedule.find_hearing(session, by, hearing)
        heard = transcript.sound_of(session, hearing, segment, seat)
        transcript.accessed(session, by, found, "listen", f"{segment} {seat}", now)
    return doors.sound(blobs_of(request), heard.sound, range_)


@router.post("/hearings/{hearing}/utterances/{utterance}")
def correct(
    request: Request, by: Corrector, now: Now, hearing: int, utterance: int, text: Annotated[str, Form()] = ""
) -> Response:
    """Say what was really said."""
    with store_of(request).write() as session:
        found = schedule.find_hearing(session, by, hearing)
        transcript.correct(session, by, found, utterance, text, now)
    return go(f"/hearings/{hearing}/transcript#u-{utterance}")


def _segments(hearing: Hearing, found: Sequence[Segment]) -> str:
    told = [[s.number, s.from_sample, s.to_sample, s.rate, [sound.seat for sound in s.sounds]] for s in found]
    return json.dumps({"hearing": hearing.id, "segments": told})


def _names(session: Session, said: Sequence[Utterance]) -> dict[str, str]:
    refs = {correction.by for utterance in said for correction in utterance.corrections}
    return {ref: name_of(session, ref) for ref in refs if ref != transcript.BY_WORDS}
