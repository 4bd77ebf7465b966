"""A gateway's configuration: a form and its text, checked as one types, what would change, and what became of it.

In it stand passwords of devices: only who may change it sees it, whole.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.fleet import config_form, configuration, documents
from central.fleet.catalogue import catalogue_of
from central.fleet.config_edit import rewritten
from central.fleet.service import gateway_of
from central.fleet.tables import DesiredDocument, Gateway
from central.store import row_in
from central.web.here import Now, Reading, blobs_of, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused

router = pages()

Keeper = Annotated[Any, Depends(needs("fleet.write"))]
_VERSIONS_SHOWN = 30


@router.get("/config/{gateway}")
def config(request: Request, by: Keeper, session: Reading, gateway: str, version: int = 0) -> HTMLResponse:
    """The configuration the gateway is to have, or an older one to go back to."""
    found = gateway_of(session, gateway)
    text = configuration.text_of(session, blobs_of(request), found)
    older = _version(session, found, version) if version else None
    if older is not None:
        text = configuration.read(blobs_of(request), older.sha256) or text
    return _page(request, session, found, text)


@router.post("/config/{gateway}/check")
def check(
    request: Request, by: Keeper, session: Reading, gateway: str, text: Annotated[str, Form()] = ""
) -> HTMLResponse:
    """What is wrong with the text so far, and what it would change."""
    found, blobs = gateway_of(session, gateway), blobs_of(request)
    return page(request, "fleet/config_check.html", **_checked(session, blobs, found, text))


@router.post("/config/{gateway}/form")
async def form(request: Request, by: Keeper, gateway: str) -> HTMLResponse:
    """The text after one device's form was sent; nothing is published by that."""
    sent = await request.form()
    told = {name: value for name, value in sent.items() if isinstance(value, str)}
    with store_of(request).read() as session:
        found, blobs = gateway_of(session, gateway), blobs_of(request)
        text, base, refused = told.get("text", "").replace("\r\n", "\n"), told.get("base", ""), None
        try:
            catalogue = catalogue_of(blobs, found)
            text = rewritten(text, config_form.applied(configuration.values(text), catalogue, told))
        except Refused as error:
            refused = error
        return _page(request, session, found, text, refused, row_in(base))


@router.post("/config/{gateway}")
def publish(
    request: Request,
    by: Keeper,
    now: Now,
    gateway: str,
    text: Annotated[str, Form()] = "",
    base: Annotated[int | None, Form()] = None,
) -> Response:
    """Have the gateway try it; `base` is the version that was there when whoever wrote it began."""
    blobs = blobs_of(request)
    text = text.replace("\r\n", "\n")
    try:
        with store_of(request).write() as session:
            found = gateway_of(session, gateway)
            if base not in (None, _newest(session, found)):
                raise Refused("您修改期间，这台网关的配置又被发布过一次。您写的还在；请看清与现行配置的差别再发布。",
                              code="changed_meanwhile")  # fmt: skip
            configuration.publish(session, blobs, found, text, now, actor=by.ref)
    except Refused as refused:
        with store_of(request).read() as session:
            return _page(request, session, gateway_of(session, gateway), text, refused)
    return go(f"/config/{gateway}")


def _page(
    request: Request,
    session: Session,
    gateway: Gateway,
    text: str,
    refused: Refused | None = None,
    base: int | None = None,
) -> HTMLResponse:
    blobs = blobs_of(request)
    catalogue = catalogue_of(blobs, gateway)
    checked = _checked(session, blobs, gateway, text)
    try:
        forms = config_form.forms(configuration.values(text), catalogue)
    except Refused:
        forms = []
    return page(
        request,
        "fleet/config.html",
        refused.status if refused else 200,
        drawn_at=f"/config/{gateway.name}",
        gateway=gateway,
        text=text,
        base=_newest(session, gateway) if base is None else base,
        forms=forms,
        drivers=sorted((catalogue or {}).get("drivers", {})),
        versions=_versions(session, gateway),
        refused=refused.said if refused else None,
        **checked,
    )


def _checked(session: Session, blobs: Blobs, gateway: Gateway, text: str) -> Mapping[str, Any]:
    text = text.replace("\r\n", "\n")
    catalogue = catalogue_of(blobs, gateway)
    before = configuration.text_of(session, blobs, gateway)
    return {
        "problems": configuration.check(text, catalogue),
        "changes": configuration.difference(before, text),
        "known": catalogue is not None,
    }


def _newest(session: Session, gateway: Gateway) -> int:
    newest = documents.current(session, gateway, documents.CONFIG)
    return newest.version if newest else 0


def _versions(session: Session, gateway: Gateway) -> list[DesiredDocument]:
    found = select(DesiredDocument).where(
        DesiredDocument.gateway_id == gateway.id, DesiredDocument.name == documents.CONFIG
    )
    return list(session.scalars(found.order_by(DesiredDocument.version.desc()).limit(_VERSIONS_SHOWN)))


def _version(session: Session, gateway: Gateway, version: int) -> DesiredDocument | None:
    return next((each for each in _versions(session, gateway) if each.version == version), None)
