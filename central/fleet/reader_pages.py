"""Programs of others that read how devices stand: letting one in, another certificate for it, and putting it out."""

import io
import zipfile
from typing import Annotated, Any, cast

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from central.fleet import readers
from central.pki import Authority
from central.web.here import Now, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused

router = pages()

Viewer = Annotated[Any, Depends(needs("fleet.read"))]
Keeper = Annotated[Any, Depends(needs("fleet.write"))]


@router.get("/readers")
def every(request: Request, by: Viewer) -> HTMLResponse:
    """Who reads, until when its certificate is good, and the form to let another in."""
    return _page(request)


@router.post("/readers")
def add(request: Request, by: Keeper, now: Now, name: Annotated[str, Form()] = "") -> Response:
    """Let a program in; what it needs comes as one file, this once."""
    try:
        with store_of(request).write() as session:
            papers = readers.add(session, _authority(request), name.strip(), now, actor=by.ref)
    except Refused as refused:
        return _page(request, refused, name)
    return _papers(name.strip(), papers)


@router.post("/readers/{name}/renew")
def renew(request: Request, by: Keeper, now: Now, name: str) -> Response:
    """Another certificate for it; the old one is good no more."""
    with store_of(request).write() as session:
        papers = readers.renew(session, _authority(request), name, now, actor=by.ref)
    return _papers(name, papers)


@router.post("/readers/{name}/withdraw")
def withdraw(request: Request, by: Keeper, name: str) -> Response:
    """It reads nothing any more."""
    with store_of(request).write() as session:
        readers.remove(session, _authority(request), name, actor=by.ref)
    return go("/readers")


def _page(request: Request, refused: Refused | None = None, name: str = "") -> HTMLResponse:
    found = readers.every(_authority(request).folder)
    said, status = (refused.said, refused.status) if refused else (None, 200)
    return page(request, "fleet/readers.html", status, readers=found, refused=said, name=name)


def _papers(name: str, papers: readers.Papers) -> Response:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for each, content in papers.items():
            file.writestr(each, content)
    headers = {"content-disposition": f'attachment; filename="{name}.zip"', "cache-control": "no-store"}
    return Response(packed.getvalue(), 200, headers, "application/zip")


def _authority(request: Request) -> Authority:
    return cast(Authority, request.app.state.authority)
