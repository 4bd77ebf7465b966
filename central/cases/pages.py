"""The list of dossiers, finding one from anywhere, and registering a case and its volumes."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from central.cases import flow, service
from central.cases.tables import Case
from central.people.roles import Actor
from central.store import row_in
from central.web.here import Now, Reading, go, local, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused

router = pages()

Reader = Annotated[Any, Depends(needs("case.read"))]
Writer = Annotated[Actor, Depends(needs("case.write"))]

PIECE = 50
"""Dossiers a piece of the list."""


class CaseForm(BaseModel):
    """What is filled in for a case; parties stand one a line, as `part name`."""

    number: str = ""
    cause: str = ""
    parties: str = ""
    volumes: str = "1"
    received: str = ""


async def _names(request: Request) -> dict[int, str]:
    told = {key.removeprefix("party-"): str(value) for key, value in (await request.form()).items()}
    return {row: name for key, name in told.items() if (row := row_in(key)) is not None}


Names = Annotated[dict[int, str], Depends(_names)]
"""Row of a party -> the name in the form."""


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
def new_case(request: Request, by: Writer, now: Now) -> HTMLResponse:
    """The form to register a case."""
    return _new(request, CaseForm(received=str(local(request, now).date())))


@router.post("/dossiers/new")
def register_case(request: Request, by: Writer, now: Now, form: Annotated[CaseForm, Form()]) -> Response:
    """Register a case with its first volumes."""
    try:
        with store_of(request).write() as session:
            parties, received = _parties(form.parties), _received(form.received)
            case = service.register_case(session, by, form.number, form.cause, parties, now, received_on=received)
            volumes = [service.register_volume(session, by, case, now) for _ in range(_count(form.volumes))]
    except Refused as refused:
        return _new(request, form, refused)
    return go(f"/dossiers/{case.id}?volume={volumes[0].id}")


@router.get("/dossiers/{case}/correct")
def registered(request: Request, by: Writer, session: Reading, case: int) -> HTMLResponse:
    """The form to put right what was registered of a case."""
    found = service.find_case(session, case)
    form = CaseForm(number=found.number, cause=found.cause, received=str(found.received_on))
    return _new(request, form, case=found, names={party.id: party.name for party in found.parties})


@router.post("/dossiers/{case}/correct")
def correct_case(request: Request, by: Writer, case: int, form: Annotated[CaseForm, Form()], names: Names) -> Response:
    """Put it right; who joined the case later (an agent, a third party) is added here too."""
    try:
        with store_of(request).write() as session:
            found, told = service.find_case(session, case), _parties(form.parties)
            received = _received(form.received)
            service.correct_case(session, by, found, cause=form.cause, received_on=received, names=names, parties=told)
    except Refused as refused:
        with store_of(request).read() as session:
            return _new(request, form, refused, service.find_case(session, case), names)
    return go(f"/dossiers/{case}")


def _new(
    request: Request,
    form: CaseForm,
    refused: Refused | None = None,
    case: Case | None = None,
    names: Mapping[int, str] | None = None,
) -> HTMLResponse:
    status, said = (refused.status, refused.said) if refused else (200, None)
    return page(request, "cases/new.html", status, form=form, refused=said, case=case, names=names or {})


def _received(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("请选择收案日期。", code="bad_date", status=422) from None


def _parties(text: str) -> list[tuple[str, str]]:
    pairs = []
    for line in filter(None, map(str.strip, text.splitlines())):
        part, *name = line.replace("：", " ").replace(":", " ").split(maxsplit=1)
        if not name:
            raise Refused("“{line}”应写成“原告 姓名”，中间空一格。", code="bad_party", status=422, line=line)
        pairs.append((part, name[0]))
    return pairs


def _count(text: str) -> int:
    count = row_in(text.strip()) or 0
    if not 1 <= count <= 99:
        raise Refused("册数应为 1 到 99 的整数。", code="bad_count", status=422)
    return count
