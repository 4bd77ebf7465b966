"""The list of dossiers, finding one from anywhere, and registering a case and its volumes."""

from typing import Annotated, Any, cast

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from central.cases import flow, numbers, service
from central.people.roles import Actor
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused

router = pages()

Reader = Annotated[Any, Depends(needs("case.read"))]
Writer = Annotated[Any, Depends(needs("case.write"))]

PIECE = 50
"""Dossiers a piece of the list."""


class CaseForm(BaseModel):
    """What is filled in for a case; parties stand one a line, as `part name`."""

    number: str = ""
    cause: str = ""
    parties: str = ""
    volumes: str = "1"


class VolumeForm(BaseModel):
    """What is filled in for a volume."""

    size: str = "M"
    secret: str = ""
    barcode: str = ""


@router.get("/dossiers")
def dossiers(request: Request, by: Reader, session: Reading, q: str = "", after: int | None = None) -> HTMLResponse:
    """Dossiers, newest first, in pieces; the next piece comes when the end is in sight."""
    found = service.search(session, q, PIECE + 1, after)
    more = found[PIECE - 1].id if len(found) > PIECE else None
    template = "cases/rows.html" if after is not None else "cases/dossiers.html"
    return page(request, template, cases=found[:PIECE], q=q, more=more, state_names=flow.STATE_NAMES)


@router.get("/find")
def find(request: Request, by: Reader, session: Reading, q: str = "") -> Response:
    """What was read or typed: a volume's barcode or a case number leads straight there, else to the list."""
    volume = service.volume_by_barcode(session, q)
    if volume is not None:
        return go(f"/dossiers/{volume.case_id}?volume={volume.id}#volume-{volume.id}")
    found = service.search(session, q, PIECE + 1)
    if len(found) == 1:
        return go(f"/dossiers/{found[0].id}")
    more = found[PIECE - 1].id if len(found) > PIECE else None
    return page(request, "cases/dossiers.html", cases=found[:PIECE], q=q, more=more, state_names=flow.STATE_NAMES)


@router.get("/dossiers/new")
def new_case(request: Request, by: Writer) -> HTMLResponse:
    """The form to register a case."""
    return _new(request, CaseForm())


@router.post("/dossiers/new")
def register_case(request: Request, by: Writer, now: Now, form: Annotated[CaseForm, Form()]) -> Response:
    """Register a case with its first volumes."""
    actor = cast(Actor, by)
    try:
        with store_of(request).write() as session:
            parties = _parties(form.parties)
            case = service.register_case(session, actor, form.number, form.cause, parties, now)
            for _ in range(_count(form.volumes)):
                service.register_volume(session, actor, case, now)
    except Refused as refused:
        return _new(request, form, refused)
    return go(f"/dossiers/{case.id}")


@router.post("/dossiers/{case}/volumes")
def register_volume(request: Request, by: Writer, now: Now, case: int, form: Annotated[VolumeForm, Form()]) -> Response:
    """Add a volume to a case."""
    actor = cast(Actor, by)
    with store_of(request).write() as session:
        found, barcode = service.find_case(session, case), form.barcode.strip() or None
        service.register_volume(session, actor, found, now, size=form.size, secret=bool(form.secret), barcode=barcode)
    return go(f"/dossiers/{case}")


def _new(request: Request, form: CaseForm, refused: Refused | None = None) -> HTMLResponse:
    status = refused.status if refused else 200
    said = refused.said if refused else None
    return page(request, "cases/new.html", status, form=form, refused=said, types=numbers.TYPES)


def _parties(text: str) -> list[tuple[str, str]]:
    pairs = []
    for line in filter(None, map(str.strip, text.splitlines())):
        part, _, name = line.replace("：", " ").replace(":", " ").partition(" ")
        if not name.strip():
            raise Refused("“{line}”应写成“原告 姓名”，中间空一格。", code="bad_party", status=422, line=line)
        pairs.append((part, name.strip()))
    return pairs


def _count(text: str) -> int:
    if not text.strip().isdigit() or not 1 <= int(text) <= 99:
        raise Refused("册数应为 1 到 99 的整数。", code="bad_count", status=422)
    return int(text)
