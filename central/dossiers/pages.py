"""Electronic dossiers in the browser: all of them with search, bringing files in, and reading one."""

import json
from typing import Annotated, Any

import segno
from fastapi import Depends, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from sqlalchemy.orm import Session

from central.cases import service as cases
from central.cases.tables import Case
from central.dossiers import board, catalogue, catalogue_pages, doors, layout, scan_pages, service, work
from central.dossiers.order import ITEMS, ORDER, name_of, sides
from central.dossiers.splitting import sheet_code
from central.dossiers.tables import Page
from central.grams import folded
from central.people.roles import Actor, may
from central.rules.service import in_force
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page as drawn
from central.web.look import words
from central.web.refused import Refused, Said

router = pages()
router.include_router(catalogue_pages.router)
router.include_router(scan_pages.router)

Reader = Annotated[Actor, Depends(needs("dossier.read"))]
Writer = Annotated[Actor, Depends(needs("dossier.write"))]
Text = Annotated[str, Form()]

_HITS = 30


@router.get("/edossiers")
def all_of_them(request: Request, by: Reader, session: Reading, q: str = "", below: int | None = None) -> HTMLResponse:
    """What happened last in all dossiers; or the pages that say what is looked for, in pieces."""
    hits = service.search(session, by, q, _HITS + 1, below) if q.strip() else []
    more = hits[_HITS - 1].page.id if len(hits) > _HITS else None
    rows = [] if q.strip() else board.rows(session, by)
    context: dict[str, Any] = {"hits": hits[:_HITS], "more": more, "q": q, "rows": rows, "cases": _cases(session, hits)}
    template = "dossiers/hits.html" if below is not None else "dossiers/all.html"
    return drawn(request, template, name_of=name_of, topic=service.ALL, **context)


@router.get("/edossiers/{case}")
def reader(
    request: Request, by: Reader, session: Reading, case: int, page: int | None = None, q: str = ""
) -> HTMLResponse:
    """The dossier, to be read page by page."""
    found = cases.find_case(session, case)
    dossier = service.find_dossier(session, by, case)
    whole = catalogue.entries(session, by, case)
    told = [_told(page) for entry in whole for page in entry.pages]
    context: dict[str, Any] = {"case": found, "dossier": dossier, "entries": whole, "told": json.dumps(told)}
    context["editable"] = may(by, "dossier.write") and not (dossier and dossier.locked)
    context |= {"at": page or "", "q": q, "name_of": name_of, "groups": board.groups(whole)}
    context |= {"unread": board.unread(session, case), "on_the_desk": board.on_the_desk(session, case)}
    return drawn(request, "dossiers/reader.html", **context)


@router.get("/edossiers/{case}/found")
def found_in(request: Request, by: Reader, session: Reading, case: int, q: str = "") -> JSONResponse:
    """Where in this dossier something stands: its pages, with the boxes to be marked, as shares of the image."""
    hits = service.search_in(session, by, case, q)[:200] if q.strip() else []
    return JSONResponse([
        {"page": hit.page.id, "before": hit.before, "found": hit.found, "after": hit.after,
         "boxes": _boxes(request, hit.page.layout, folded(q), hit.page.width, hit.page.height)}
        for hit in hits if hit.page.document_id
    ])  # fmt: skip


@router.get("/edossiers/pages/{page}")
def page_now(by: Reader, session: Reading, page: int) -> JSONResponse:
    """How a page stands now, as the reader was told of all of them when it was opened."""
    return JSONResponse(_told(service.find_page(session, by, page)))


@router.get("/edossiers/pages/{page}/{what}")
def picture(request: Request, by: Reader, session: Reading, page: int, what: str) -> StreamingResponse:
    """The image of a page, as it came until it is straightened; or its thumb."""
    found = service.find_page(session, by, page)
    return doors.blob(request, found.thumb if what == "thumb" else found.image or found.original, "image/jpeg")


@router.get("/edossiers/{case}/intake")
def intake(request: Request, by: Reader, session: Reading, case: int) -> HTMLResponse:
    """What was brought in, how far it is, and what was refused and why."""
    return _intake(request, by, session, cases.find_case(session, case))


@router.post("/edossiers/{case}/intake")
def bring(request: Request, by: Writer, now: Now, case: int, files: list[UploadFile], secret: Text = "") -> Response:
    """Bring files in; each is taken or refused for itself."""
    refused: list[Said] = []
    for file in files:
        brought = doors.kept(request, file)
        try:
            with store_of(request).write() as session:
                service.bring(session, by, case, brought, now, secret=bool(secret))
        except Refused as said:
            refused.append(said.said)
    if not refused:
        return go(f"/edossiers/{case}/intake")
    if request.headers.get("x-csrf"):  # the page's own script: it shows the sentence and goes on
        return JSONResponse([words(request).tell(said) for said in refused], 409)
    with store_of(request).read() as session:
        return _intake(request, by, session, cases.find_case(session, case), refused)


@router.get("/edossiers/{case}/separators")
def separators(request: Request, by: Reader, session: Reading, case: int) -> HTMLResponse:
    """Separator sheets to print and lay between the documents of a pile."""
    side = sides(session)
    sheets = [(item, sheet_code(item.number, side=item.number in side)) for item in ITEMS]
    codes = {code: segno.make(code, error="q").svg_inline(scale=8, border=2) for _, code in sheets}
    plain = segno.make(sheet_code(None), error="q").svg_inline(scale=8, border=2)
    context: dict[str, Any] = {
        "sheets": sheets,
        "codes": codes,
        "plain": plain,
        "sides": side,
        "order": in_force(session, ORDER),
    }
    return drawn(request, "dossiers/separators.html", case=cases.find_case(session, case), **context)


@router.post("/edossiers/{case}/bind")
def bind(request: Request, by: Reader, now: Now, case: int) -> Response:
    """Have the volumes bound as PDF, as the catalogue is now."""
    with store_of(request).write() as session:
        if service.find_dossier(session, by, case) is not None:
            work.ask(session, "bind", [case])
    return go(f"/edossiers/{case}/catalogue")


@router.get("/edossiers/{case}/volume.pdf")
def volume(request: Request, by: Reader, session: Reading, case: int, side: bool = False) -> StreamingResponse:
    """The bound volume."""
    return doors.volume(request, service.find_dossier(session, by, case), by, side=side)


def _intake(
    request: Request, by: Actor, session: Session, case: Case, refused: list[Said] | None = None
) -> HTMLResponse:
    intakes = service.intakes_of(session, by, case.id)
    context: dict[str, Any] = {"case": case, "dossier": service.find_dossier(session, by, case.id), "intakes": intakes}
    context |= {
        "pages": board.pages_by_intake(session, by, intakes),
        "originals": service.originals(session, intakes),
        "refused": refused or [],
        "side": may(by, "dossier.side"),
    }
    return drawn(request, "dossiers/intake.html", 409 if refused else 200, **context)


def _told(page: Page) -> list[Any]:
    """Number, size, document, which image it has, and whether another one is on its way."""
    return [page.id, page.width, page.height, page.document_id, (page.image or "")[:8], page.state == "NEW"]


def _cases(session: Session, hits: Any) -> dict[int, Case]:
    return {number: cases.find_case(session, number) for number in {hit.page.case_id for hit in hits}}


def _boxes(request: Request, sha256: str | None, wanted: str, width: int, height: int) -> list[list[float]]:
    """Boxes of what was found, as shares of width and height; signs of a line are taken to be equally wide."""
    if not sha256:
        return []
    lines = layout.read(doors.content(request, sha256))
    return [[round(x / width, 4), round(y / height, 4), round(w / width, 4), round(h / height, 4)]
            for x, y, w, h in layout.boxes(lines, wanted)]  # fmt: skip
