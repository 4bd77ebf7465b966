"""The catalogue in the browser: every document at its item, moved by mouse or keys, confirmed, undone."""

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from central.cases import service as cases
from central.dossiers import board, catalogue, flow, service
from central.dossiers.order import ORDER, name_of, sides
from central.people.roles import Actor, may
from central.rules.service import in_force
from central.store import row_in
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page as drawn
from central.web.refused import Refused

router = pages()

Reader = Annotated[Actor, Depends(needs("dossier.read"))]
Writer = Annotated[Actor, Depends(needs("dossier.write"))]


class Wanted(BaseModel):
    """What is done to a catalogue: which fields count depends on what it is."""

    document: int = 0
    page: int = 0
    item: str = ""
    secret: str = ""
    before: int = 0
    index: int = 0
    title: str = ""
    dated: str = ""
    left: str = ""


@router.get("/edossiers/{case}/catalogue")
def editor(request: Request, by: Reader, session: Reading, case: int, document: int = 0) -> HTMLResponse:
    """The catalogue, and one document of it opened."""
    found, whole = cases.find_case(session, case), catalogue.entries(session, by, case)
    dossier = service.find_dossier(session, by, case)
    unconfirmed = [e for e in whole if e.document.state != "CONFIRMED"]
    opened = next((entry for entry in whole if entry.document.id == document), None)
    context: dict[str, Any] = {
        "case": found,
        "dossier": dossier,
        "entries": whole,
        "opened": opened,
        "order": in_force(session, ORDER),
    }
    context["lock"] = in_force(session, flow.LOCK)
    context |= {
        "shelves": board.shelves(whole, sides(session) if may(by, "dossier.side") else None),
        "unconfirmed": unconfirmed,
    }
    context |= {"last": catalogue.last_change(session, case), "name_of": name_of}
    context |= {"unread": board.unread(session, case), "on_the_desk": board.on_the_desk(session, case)}
    context["editable"] = may(by, "dossier.write") and not (dossier and dossier.locked)
    return drawn(request, "dossiers/catalogue.html", **context)


@router.post("/edossiers/{case}/catalogue/{what}")
def change(request: Request, by: Writer, now: Now, case: int, what: str, form: Annotated[Wanted, Form()]) -> Response:
    """One change of the catalogue; the page comes back with the document that was in hand."""
    with store_of(request).write() as session:
        document = _do(catalogue.hand(session, by, case, now), what, form)
    return go(f"/edossiers/{case}/catalogue" + (f"?document={document}#document-{document}" if document else ""))


def _do(at: catalogue.Hand, what: str, form: Wanted) -> int:
    match what:
        case "confirm":
            return catalogue.confirm(at, form.document).id
        case "place":
            item = row_in(form.item)
            return catalogue.place(at, form.document, item, secret=bool(form.secret), before=form.before or None).id
        case "rename":
            return catalogue.rename(at, form.document, form.title, _date(form.dated)).id
        case "split":
            return catalogue.split(at, form.page).id
        case "merge":
            return catalogue.merge(at, form.document).id
        case "page":
            catalogue.move_page(at, form.page, form.document, form.index)
            return form.document
        case "turn":
            return catalogue.turn(at, form.document, form.page or None, left=bool(form.left)).id
        case "undo":
            catalogue.undo(at)
            return form.document
    raise Refused("没有“{event}”这个步骤。", code="no_such_step", status=404, event=what)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused("日期“{text}”不对，应写成 2026-03-02。", code="bad_date", status=422, text=text) from None
