"""REST: bringing files in, the catalogue, full-text search, and the bound volumes."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import Field

from central.dossiers import catalogue, doors, scan_api, service, work
from central.dossiers.tables import Change, Dossier, Intake
from central.people.auth import needs
from central.people.roles import Actor
from central.web import look
from central.web.here import Now, StoreOf
from central.web.refused import Refused
from central.web.rest import In, Limit, Out
from central.web.words import Words

router = APIRouter()
_own = APIRouter(prefix="/api/v1", tags=["dossiers"])

Reader = Annotated[Actor, Depends(needs("dossier.read"))]
Writer = Annotated[Actor, Depends(needs("dossier.write"))]


class FileOut(Out):
    """A file that was brought in, and how far it is."""

    id: int
    name: str
    kind: str = Field(description="file (not looked at yet), pdf, image, docx, zip or scan.")
    sha256: str
    size: int
    secret: bool
    state: str = Field(description="WAITING, READING, DONE or REFUSED.")
    pages: int
    done: int = Field(description="Pages read, or given up.")
    why: str | None = Field(description="Why it was refused.")


class DocumentOut(Out):
    """A line of the catalogue."""

    id: int
    secret: bool = Field(description="In the side volume.")
    item: int | None = Field(description="1 to 28 of the statutory order; null while nobody knows.")
    title: str
    dated: date | None
    parties: list[str]
    state: str = Field(description="PROPOSED or CONFIRMED.")
    confidence: float
    reasons: list[str]
    pages: list[int] = Field(description="Numbers of its pages, in order.")


class Place(In):
    """Where a document belongs."""

    item: int | None = Field(description="1 to 28; null: not placed.")
    secret: bool = Field(default=False, description="In the side volume.")
    before: int | None = Field(default=None, description="The document it comes before; left out: the last one.")


class Turn(In):
    """Which way a page is turned, by a quarter."""

    to: Literal["left", "right"]
    page: int | None = Field(default=None, description="Left out: every page of the document.")


class Undo(In):
    """What is taken back."""

    change: int | None = Field(default=None, description="Only if it is still the last change; left out: the last one.")


class ChangeOut(Out):
    """A change of the catalogue."""

    change: int
    what: str


class VolumesOut(Out):
    """Which volumes are bound."""

    main: bool
    side: bool
    current: bool = Field(description="They are as the catalogue is now.")


class HitOut(Out):
    """A page that says what was looked for."""

    case: int
    page: int
    document: int | None
    before: str
    found: str
    after: str


@_own.post("/cases/{case}/files", status_code=201)
def bring(  # noqa: PLR0913  (the fields of a form)
    request: Request, store: StoreOf, by: Writer, now: Now, case: int, file: UploadFile,
    secret: Annotated[bool, Form(description="For the side volume.")] = False,
) -> FileOut:  # fmt: skip
    """Bring a file into the electronic dossier of a case: PDF, image, or a ZIP of them."""
    brought = doors.kept(request, file)
    with store.write() as session:
        return _file(service.bring(session, by, case, brought, now, secret=secret), look.words(request))


@_own.get("/cases/{case}/files")
def files(request: Request, store: StoreOf, by: Reader, case: int) -> list[FileOut]:
    """What was brought into a dossier, newest first."""
    words = look.words(request)
    with store.read() as session:
        return [_file(intake, words) for intake in service.intakes_of(session, by, case)]


@_own.get("/cases/{case}/catalogue")
def entries(request: Request, store: StoreOf, by: Reader, case: int) -> list[DocumentOut]:
    """The catalogue in the statutory order."""
    words = look.words(request)
    with store.read() as session:
        return [_document(entry, words) for entry in catalogue.entries(session, by, case)]


@_own.post("/cases/{case}/documents/{document}/confirm", status_code=204)
def confirm(store: StoreOf, by: Writer, now: Now, case: int, document: int) -> None:
    """It is right as it was proposed."""
    with store.write() as session:
        catalogue.confirm(catalogue.hand(session, by, case, now), document)


@_own.put("/cases/{case}/documents/{document}/place", status_code=204)
def place(store: StoreOf, by: Writer, now: Now, case: int, document: int, told: Place) -> None:
    """Put a document where it belongs, and so confirm it."""
    with store.write() as session:
        at = catalogue.hand(session, by, case, now)
        catalogue.place(at, document, told.item, secret=told.secret, before=told.before)


@_own.post("/cases/{case}/documents/{document}/turn")
def turn(  # noqa: PLR0913  (who, when and what)
    request: Request, store: StoreOf, by: Writer, now: Now, case: int, document: int, told: Turn
) -> ChangeOut:
    """Have a page that lies wrong, or a whole document, turned: another image is made of what came, and read again."""
    with store.write() as session:
        catalogue.turn(catalogue.hand(session, by, case, now), document, told.page, left=told.to == "left")
        return _change(request, catalogue.last_change(session, case))


@_own.post("/cases/{case}/catalogue/undo")
def undo(request: Request, store: StoreOf, by: Writer, now: Now, case: int, told: Undo) -> ChangeOut:
    """Take back the last change of the catalogue that was not taken back."""
    with store.write() as session:
        at, last = catalogue.hand(session, by, case, now), catalogue.last_change(session, case)
        catalogue.undo(at, told.change)
        return _change(request, last)


@_own.get("/pages/search")
def search(
    store: StoreOf,
    by: Reader,
    q: Annotated[str, Query(min_length=1, max_length=80)],
    limit: Limit = 30,
    after: Annotated[int | None, Query(description="`page` of the last hit of the piece before.")] = None,
) -> list[HitOut]:
    """Pages of all electronic dossiers that say this, newest first."""
    with store.read() as session:
        hits = service.search(session, by, q, limit, after)
        return [
            HitOut.of(hit, case=hit.page.case_id, page=hit.page.id, document=hit.page.document_id)
            for hit in hits
        ]  # fmt: skip


@_own.post("/cases/{case}/volume", status_code=202)
def bind(store: StoreOf, by: Reader, case: int) -> VolumesOut:
    """Have the volumes bound as the catalogue is now; ask how they stand until they are `current`."""
    with store.write() as session:
        dossier = service.find_dossier(session, by, case)
        if dossier is not None:
            work.ask(session, "bind", [case])
        return _volumes(dossier)


@_own.get("/cases/{case}/volume")
def volumes(store: StoreOf, by: Reader, case: int) -> VolumesOut:
    """How it stands with the bound volumes of a case."""
    with store.read() as session:
        return _volumes(service.find_dossier(session, by, case))


@_own.get("/cases/{case}/volume.pdf", response_class=StreamingResponse)
def volume(request: Request, store: StoreOf, by: Reader, case: int, side: bool = False) -> StreamingResponse:
    """The bound main volume as searchable PDF/A; `side`: the side volume."""
    with store.read() as session:
        return doors.volume(request, service.find_dossier(session, by, case), by, side=side)


def _volumes(dossier: Dossier | None) -> VolumesOut:
    if dossier is None:
        raise Refused("本案还没有收入材料，没有可以装订的。", code="nothing_to_bind", status=404)
    current = dossier.pdf_revision == dossier.revision
    return VolumesOut(main=dossier.pdf is not None, side=dossier.pdf_side is not None, current=current)


def _change(request: Request, change: Change | None) -> ChangeOut:
    if change is None:
        raise Refused("目录还没有可以撤销的改动。", code="nothing_to_undo", status=404)
    return ChangeOut(change=change.id, what=look.words(request).tell(change.said))


def _file(intake: Intake, words: Words) -> FileOut:
    return FileOut.of(intake, why=words.tell(intake.why) if intake.why else None)


def _document(entry: catalogue.Entry, words: Words) -> DocumentOut:
    reasons = [words.tell(why) for why in entry.document.why]
    return DocumentOut.of(entry.document, reasons=reasons, pages=[page.id for page in entry.pages])


router.include_router(_own)
router.include_router(scan_api.router)
