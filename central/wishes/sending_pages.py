"""The page from which a notice or a label is sent to a device: written, looked at, sent, and then the wish's life."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from central.cases.service import find_volume, volume_name
from central.fleet.config_pages import blobs_of
from central.people.roles import must
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused, Said
from central.wishes import sending

router = pages()

Sender = Annotated[Any, Depends(needs("device.send"))]
Text = Annotated[str, Form()]


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
