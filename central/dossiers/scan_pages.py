"""The scan desk in the browser: an envelope is laid on it, fed, looked at as its pages come, and closed."""

from typing import Annotated, Any, cast, get_args

import segno
from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from central.dossiers import scan_board, scan_words
from central.dossiers.desk import Desk, find_job
from central.dossiers.live import LiveDesks, topic
from central.dossiers.projector import DESKS
from central.dossiers.stations import Station, find_station, stations
from central.people.roles import Actor
from central.store import row_in
from central.web.here import Now, Reading, blobs_of, go, needs, pages, store_of
from central.web.look import page as drawn
from central.web.refused import Refused
from central.wishes.tables import WishRow
from devices.scanning import START_SHEET, Difference, LeftOut, Unscannable

router = pages()

Writer = Annotated[Actor, Depends(needs("dossier.write"))]
_MOST_SHEETS = 100_000
_MOST_NOTE = 400


class EnvelopeForm(BaseModel):
    """What is filled in to lay an envelope on a desk."""

    gateway: str = ""
    case: str = ""
    counted: str = ""
    disc: str = ""
    usb_stick: str = ""
    photograph: str = ""
    bound_volume: str = ""
    oversize: str = ""
    object: str = ""

    def left_out(self) -> list[LeftOut]:
        """What cannot be scanned. Raises Refused."""
        told = {kind: str(getattr(self, kind)).strip() for kind in get_args(Unscannable)}
        return [LeftOut(what=kind, count=_count(text, 1)) for kind, text in told.items() if text not in ("", "0")]


@router.get("/scan")
def desks(request: Request, by: Writer, session: Reading, gateway: str = "", case: str = "") -> HTMLResponse:
    """The scan desks, what lies on them, and the form for another envelope."""
    return _desks(request, by, session, EnvelopeForm(gateway=gateway, case=case))


@router.post("/scan")
def lay(request: Request, by: Writer, now: Now, form: Annotated[EnvelopeForm, Form()]) -> Response:
    """Lay an envelope on a desk."""
    try:
        counted, left_out = _count(form.counted, 0), form.left_out()
        with store_of(request).write() as session:
            station = find_station(session, blobs_of(request), form.gateway)
            found = scan_board.case_named(session, form.case)
            job, wish = Desk(session, by, station.gateway, now).open(found.id, counted, left_out)
            jti = wish.jti
    except Refused as refused:
        with store_of(request).read() as session:
            return _desks(request, by, session, form, refused)
    return go(f"/scan/{form.gateway}/{job}?wish={jti}")


@router.get("/scan/{gateway}/sheets")
def sheets(request: Request, by: Writer, session: Reading, gateway: str) -> HTMLResponse:
    """Start sheets to print: shown to the reader beside the scanner, one begins a batch."""
    station = find_station(session, blobs_of(request), gateway)
    codes = {name: START_SHEET + name for name in station.presets}
    drawings = {name: segno.make(code, error="q").svg_inline(scale=8, border=2) for name, code in codes.items()}
    context = {"station": station, "codes": codes, "drawings": drawings, "words_of": scan_words.preset}
    return drawn(request, "dossiers/start_sheets.html", **context)


@router.get("/scan/{gateway}/{job}")
def desk(  # noqa: PLR0913  (which envelope, and which of its sides)
    request: Request, by: Writer, session: Reading, gateway: str, job: str, wish: str = "", below: int | None = None,
    flawed: bool = False,
) -> HTMLResponse:  # fmt: skip
    """One envelope: its sides as they come, how far it is, what is wrong, and what can be done now."""
    return _desk(request, by, session, gateway, job, wish=wish, below=below, flawed=flawed)


@router.post("/scan/{gateway}/{job}/feed")
def feed(  # noqa: PLR0913  (the fields of a form)
    request: Request, by: Writer, now: Now, gateway: str, job: str, preset: Annotated[str, Form()],
    instead_of: Annotated[int | None, Form()] = None,
) -> Response:  # fmt: skip
    """Scan what lies in the feeder; or one side anew."""
    return _asked(
        request, by, gateway, job, lambda session: Desk(session, by, gateway, now).scan(job, preset, instead_of)
    )


@router.post("/scan/{gateway}/{job}/stop")
def stop(request: Request, by: Writer, now: Now, gateway: str, job: str) -> Response:
    """No sheet after this one."""
    return _asked(request, by, gateway, job, lambda session: Desk(session, by, gateway, now).stop(job))


@router.post("/scan/{gateway}/{job}/close")
def close(request: Request, by: Writer, now: Now, gateway: str, job: str) -> Response:
    """The envelope is empty."""
    return _asked(request, by, gateway, job, lambda session: Desk(session, by, gateway, now).close(job))


@router.post("/scan/{gateway}/{job}/difference")
def explain(  # noqa: PLR0913  (the fields of a form)
    request: Request, by: Writer, now: Now, gateway: str, job: str, scanned: Annotated[int, Form()],
    why: Annotated[Difference, Form()], note: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Answer for the difference as it was shown, and close the envelope."""

    text = note.strip()[:_MOST_NOTE]

    def signed(session: Session) -> WishRow:
        if why == "other" and not text:
            raise Refused("请写明差异的原因。", code="no_reason", status=422)
        sha256 = blobs_of(request).put(text.encode()) if text else None
        return Desk(session, by, gateway, now).explain(job, scanned, why, sha256, closes=True)

    return _asked(request, by, gateway, job, signed)


def _asked(request: Request, by: Actor, gateway: str, job: str, ask: Any) -> Response:
    try:
        with store_of(request).write() as session:
            jti = ask(session).jti
    except Refused as refused:
        with store_of(request).read() as session:
            return _desk(request, by, session, gateway, job, refused=refused)
    return go(f"/scan/{gateway}/{job}?wish={jti}")


def _desks(
    request: Request, by: Actor, session: Session, form: EnvelopeForm, refused: Refused | None = None
) -> HTMLResponse:
    known = stations(session, blobs_of(request))
    found = scan_board.open_jobs(session, by)
    lying = [
        scan_board.standing(session, job, _live(request, job.intake.gateway or "", job.intake.job or ""))
        for job in found
    ]
    context: dict[str, Any] = {"stations": known, "lying": lying, "form": form, "left_out": scan_words.LEFT_OUT}
    context |= {"refused": refused.said if refused else None, "topic": DESKS}
    return drawn(request, "dossiers/desks.html", refused.status if refused else 200, **context)


def _desk(  # noqa: PLR0913  (which envelope, which of its sides, and what was said)
    request: Request, by: Actor, session: Session, gateway: str, job: str, *, wish: str = "",
    below: int | None = None, flawed: bool = False, refused: Refused | None = None,
) -> HTMLResponse:  # fmt: skip
    asked = session.get(WishRow, wish) if wish else None
    asked = asked if asked is not None and asked.reason == f"scan:{job}" else None
    try:
        row = find_job(session, by, gateway, job)
    except Refused:
        if asked is None:
            raise
        row = None
    stands = scan_board.standing(session, row, _live(request, gateway, job)) if row else None
    case = stands.case if stands else scan_board.case_of(session, asked)
    shown = scan_board.sides(session, by, row, below=below, flawed=flawed) if row else []
    context: dict[str, Any] = {"stands": stands, "sides": shown[: scan_board.PIECE], "gateway": gateway, "job": job}
    context |= {
        "case": case,
        "station": _station(session, request, gateway),
        "asked": asked,
        "flawed": flawed,
        "below": below,
    }
    context |= {"more": shown[scan_board.PIECE - 1].number if len(shown) > scan_board.PIECE else None}
    context |= {
        "outcome": scan_words.outcome(asked) if asked else None,
        "words": scan_words,
        "topic": topic(gateway, job),
    }
    context |= {"refused": refused.said if refused else None, "note": _note(request, row.note) if row else ""}
    context["drawn_at"] = f"/scan/{gateway}/{job}"
    return drawn(request, "dossiers/desk.html", refused.status if refused else 200, **context)


def _station(session: Session, request: Request, gateway: str) -> Station | None:
    return next((one for one in stations(session, blobs_of(request)) if one.gateway == gateway), None)


def _note(request: Request, sha256: str | None) -> str:
    blobs = blobs_of(request)
    return blobs.get(sha256).decode() if sha256 and blobs.has(sha256) else ""


def _live(request: Request, gateway: str, job: str) -> Any:
    return cast(LiveDesks, request.app.state.live_desks).of(gateway, job)


def _count(text: str, least: int) -> int:
    number = row_in(text.strip())
    if number is None or not least <= number <= _MOST_SHEETS:
        raise Refused("请填写清点的张数，例如 12。“{text}”不是张数。", code="bad_count", status=422, text=text)
    return number
