"""REST: bringing files in, the catalogue, full-text search, and the bound volumes."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from central.dossiers import catalogue, doors, scan_api, service
from central.dossiers.tables import Intake
from central.people.auth import needs
from central.people.roles import Actor
from central.web.here import Now, StoreOf

router = APIRouter()
_own = APIRouter(prefix="/api/v1", tags=["dossiers"])

Reader = Annotated[Actor, Depends(needs("dossier.read"))]
Writer = Annotated[Actor, Depends(needs("dossier.write"))]


class FileOut(BaseModel):
    """A file that was brought in, and how far it is."""

    id: int
    name: str
    kind: str = Field(description="file (not looked at yet), pdf, image, zip or scan.")
    sha256: str
    size: int
    secret: bool
    state: str = Field(description="WAITING, READING, DONE or REFUSED.")
    pages: int
    done: int = Field(description="Pages read, or given up.")
    why: str | None = Field(description="Why it was refused.")


class DocumentOut(BaseModel):
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


class Place(BaseModel):
    """Where a document belongs."""

    model_config = ConfigDict(extra="forbid")

    item: int | None = Field(description="1 to 28; null: not placed.")
    secret: bool = Field(default=False, description="In the side volume.")
    before: int | None = Field(default=None, description="The document it comes before; left out: the last one.")


class HitOut(BaseModel):
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
        return _file(service.bring(session, by, case, brought, now, secret=secret))


@_own.get("/cases/{case}/files")
def files(store: StoreOf, by: Reader, case: int) -> list[FileOut]:
    """What was brought into a dossier, newest first."""
    with store.read() as session:
        return [_file(intake) for intake in service.intakes_of(session, by, case)]


@_own.get("/cases/{case}/catalogue")
def entries(store: StoreOf, by: Reader, case: int) -> list[DocumentOut]:
    """The catalogue in the statutory order."""
    with store.read() as session:
        return [_document(entry) for entry in catalogue.entries(session, by, case)]


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


@_own.get("/pages/search")
def search(
    store: StoreOf,
    by: Reader,
    q: Annotated[str, Query(min_length=1, max_length=80)],
    limit: Annotated[int, Query(ge=1, le=200)] = 30,
    below: Annotated[int | None, Query(description="`page` of the last hit of the piece before.")] = None,
) -> list[HitOut]:
    """Pages of all electronic dossiers that say this, newest first."""
    with store.read() as session:
        hits = service.search(session, by, q, limit, below)
        return [
            HitOut(case=hit.page.case_id, page=hit.page.id, document=hit.page.document_id, before=hit.before,
                   found=hit.found, after=hit.after)
            for hit in hits
        ]  # fmt: skip


@_own.get("/cases/{case}/volume.pdf", response_class=StreamingResponse)
def volume(request: Request, store: StoreOf, by: Reader, case: int, side: bool = False) -> StreamingResponse:
    """The bound main volume as searchable PDF/A; `side`: the side volume."""
    with store.read() as session:
        return doors.volume(request, service.find_dossier(session, by, case), by, side=side)


def _file(intake: Intake) -> FileOut:
    return FileOut(
        id=intake.id, name=intake.name, kind=intake.kind, sha256=intake.sha256, size=intake.size, secret=intake.secret,
        state=intake.state, pages=intake.pages, done=intake.done, why=str(intake.why) if intake.why else None,
    )  # fmt: skip


def _document(entry: catalogue.Entry) -> DocumentOut:
    document = entry.document
    return DocumentOut(
        id=document.id, secret=document.secret, item=document.item, title=document.title, dated=document.dated,
        parties=document.parties, state=document.state, confidence=document.confidence,
        reasons=[str(why) for why in document.why], pages=[page.id for page in entry.pages],
    )  # fmt: skip


router.include_router(_own)
router.include_router(scan_api.router)
