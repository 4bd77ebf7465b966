"""The pages from which a notice, a label or a letter is sent to a device, and on to the wish's life."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Depends, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from central.cases.service import find_volume, volume_name
from central.people.roles import must
from central.web.here import Now, Reading, blobs_of, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused, Said
from central.wishes import sending
from devices.printers import MOST_COPIES, Sides

router = pages()

Sender = Annotated[Any, Depends(needs("device.send"))]
Text = Annotated[str, Form()]
SIDES_NAMES: Mapping[Sides, str] = {"one": "单面", "long_edge": "双面，沿长边翻", "short_edge": "双面，沿短边翻"}
"""Which sides a letter is printed on."""


@router.get("/send/letter")
def letter_page(request: Request, by: Sender, session: Reading, to: str = "") -> HTMLResponse:
    """The form of a letter: a PDF, which printer, how often, on which sides."""
    return _letter(request, session, {"to": to, "copies": 1, "sides": "one"})


@router.post("/send/letter")
def letter(  # noqa: PLR0913  (the fields of the form)
    request: Request,
    by: Sender,
    now: Now,
    session: Reading,
    file: UploadFile,
    to: Text = "",
    copies: Annotated[int, Form()] = 1,
    sides: Annotated[Sides, Form()] = "one",
) -> Response:
    """Send it, and go on to the wish's page."""
    pdf, blobs = file.file.read(), blobs_of(request)
    try:
        with store_of(request).write() as writing:
            row = sending.send_letter(writing, blobs, to, pdf, copies, sides, now, actor=by.ref)
    except Refused as refused:
        form = {"to": to, "copies": copies, "sides": sides}
        return _letter(request, session, form, refused.status, refused.said)
    return go(f"/wishes/{row.jti}")


@router.get("/send/{what}")
def sending_page(
    request: Request, by: Sender, session: Reading, what: sending.What, to: str = "", volume: int | None = None
) -> HTMLResponse:
    """The form, empty or with what stands on a volume's label."""
    form = {"to": to, "title": "", "text": "", "barcode": "", "minutes": 60}
    if volume is not None:
        must(by, "case.read")
        found = find_volume(session, volume)
        form |= {"text": volume_name(found), "barcode": found.barcode or ""}
    return _page(request, session, what, form)


@router.post("/send/{what}")
def sent(  # noqa: PLR0913  (the fields of the form)
    request: Request,
    by: Sender,
    now: Now,
    session: Reading,
    what: sending.What,
    do: Annotated[Literal["look", "send"], Form()] = "look",
    to: Text = "",
    title: Text = "",
    text: Text = "",
    barcode: Text = "",
    minutes: Annotated[int, Form()] = 60,
) -> Response:
    """Show what it will be, or send it and go on to the wish's page."""
    form = {"to": to, "title": title, "text": text, "barcode": barcode, "minutes": minutes}
    try:
        document = sending.notice(title, text) if what == "notice" else sending.label(text, barcode)
        if do == "look":
            return _page(request, session, what, form, looks=document)
        with store_of(request).write() as writing:
            row = sending.send(writing, blobs_of(request), to, document, minutes, now, actor=by.ref)
    except Refused as refused:
        return _page(request, session, what, form, refused.status, refused=refused.said)
    return go(f"/wishes/{row.jti}")


def _letter(
    request: Request, session: Reading, form: dict[str, Any], status: int = 200, refused: Said | None = None
) -> HTMLResponse:
    found = sending.targets(session, blobs_of(request), "letter")
    context = {"form": form, "refused": refused, "targets": found, "sides_names": SIDES_NAMES, "most": MOST_COPIES}
    return page(request, "wishes/letter.html", status, **context)


def _page(  # noqa: PLR0913  (what the form shows)
    request: Request,
    session: Reading,
    what: sending.What,
    form: dict[str, Any],
    status: int = 200,
    looks: Any = None,
    refused: Said | None = None,
) -> HTMLResponse:
    found = sending.targets(session, blobs_of(request), what)
    context = {"what": what, "form": form, "looks": looks, "refused": refused, "targets": found}
    return page(request, "wishes/send.html", status, most=sending.MOST_MINUTES, **context)
