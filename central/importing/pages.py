"""Importing from a table: choose a file, see what is wrong and what would change, then take all of it in."""

from typing import Annotated

from fastapi import Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse

from central.importing import service
from central.importing.reading import decode
from central.people.roles import Actor
from central.web.here import Now, needs, pages, store_of
from central.web.look import look_of, page
from central.web.refused import Refused, Said
from central.web.session import MAX_FIELD, visitor_of

router = pages()

Importer = Annotated[Actor, Depends(needs("import"))]

KINDS = {
    "people": Said("人员表"),
    "cases": Said("案件表"),
    "volumes": Said("卷宗表"),
    "cabinets": Said("卷宗柜表"),
    "cells": Said("格口表"),
}
"""What can be imported and what it is called."""
_SHOWN = 200


@router.get("/import")
def import_page(request: Request, by: Importer) -> HTMLResponse:
    """Choose a file; what its columns have to be stands beside."""
    return _page(request)


@router.post("/import")
def preview(
    request: Request, by: Importer, now: Now, file: Annotated[UploadFile, File()], kind: Annotated[str, Form()] = ""
) -> HTMLResponse:
    """What the file would do; nothing is changed yet."""
    try:
        text = decode(file.file.read())
        with store_of(request).write() as session:
            seen = service.preview(session, by, kind, text, now)
    except Refused as refused:
        return _page(request, refused.status, kind=kind, refused=refused.said)
    return _page(request, kind=kind, seen=seen, text=text)


async def _previewed(request: Request) -> tuple[str, str]:
    """Kind and text of the table that was shown; larger than FastAPI lets a field be, so read by hand."""
    form = await request.form(max_part_size=MAX_FIELD)
    return str(form.get("kind", "")), str(form.get("text", ""))


@router.post("/import/apply")
def apply(
    request: Request, by: Importer, now: Now, table: Annotated[tuple[str, str], Depends(_previewed)]
) -> HTMLResponse:
    """Take in the file that was shown: all of it or nothing."""
    kind, text = table
    try:
        with store_of(request).write() as session:
            done = service.apply(session, by, kind, text, now)
    except Refused as refused:
        return _page(request, refused.status, kind=kind, refused=refused.said)
    return _page(request, kind=kind, done=done)


def _page(request: Request, status: int = 200, **context: object) -> HTMLResponse:
    context = {"kind": "cases", "seen": None, "done": None, "refused": None, "text": "", "shown": _SHOWN, **context}
    look = look_of(request)
    by = visitor_of(request)
    tables = {kind: service.TABLES[kind] for kind in KINDS if by and look.may(by, service.TABLES[kind].action)}
    return page(request, "importing/import.html", status, drawn_at="/import", kinds=KINDS, tables=tables, **context)
