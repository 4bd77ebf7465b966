"""REST: the scan desk, and what was read on a page."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from central.dossiers import desk, service
from central.dossiers.tables import ScanJob
from central.people.auth import needs
from central.people.roles import Actor
from central.web.here import Now, StoreOf
from central.web.rest import In, Out
from devices.scanning import Difference, LeftOut

router = APIRouter(prefix="/api/v1", tags=["scans"])

Reader = Annotated[Actor, Depends(needs("dossier.read"))]
Writer = Annotated[Actor, Depends(needs("dossier.write"))]


class Envelope(In):
    """What is laid on the desk."""

    gateway: str = Field(max_length=48, description="The scanning station.")
    counted: int = Field(ge=0, le=100_000, description="Sheets, counted by hand.")
    left_out: list[LeftOut] = Field(default_factory=list, description="What cannot be scanned.")


class Feeding(In):
    """How to scan what lies in the feeder."""

    preset: str = Field(pattern=r"^[a-z0-9-]{1,32}$", description="A preset of the station.")
    instead_of: int | None = Field(default=None, ge=1, description="Scan one page anew, in this one's place.")


class Answering(In):
    """Why counted and scanned sheets differ."""

    scanned: int = Field(ge=0, description="Sheets scanned, as you saw it.")
    why: Difference


class Asked(Out):
    """What was asked of the station; how it went is told by the wish and by the job."""

    job: str
    wish: str


class JobOut(Out):
    """An envelope."""

    job: str
    gateway: str
    case: int
    counted: int
    sheets: int
    pages: int
    read: int = Field(description="Pages read, or given up.")
    scanning: bool
    why: str | None = Field(description="Why the last batch ended; `out_of_paper` is as it should be.")
    put_back: int | None = Field(description="The sheet to put back and go on with.")
    owed: bool = Field(description="Counted and scanned differ and nobody answered for it.")
    explained: str | None
    closed: bool
    state: str = Field(description="SCANNING, READING, DONE or REFUSED.")


class PageText(Out):
    """What was read on a page."""

    page: int
    text: str
    engine: str


@router.post("/cases/{case}/scans", status_code=202)
def open_job(store: StoreOf, by: Writer, now: Now, case: int, told: Envelope) -> Asked:
    """Lay an envelope of this case on a scan desk."""
    with store.write() as session:
        job, wish = desk.Desk(session, by, told.gateway, now).open(case, told.counted, told.left_out)
        return Asked(job=job, wish=wish.jti)


@router.get("/cases/{case}/scans")
def jobs(store: StoreOf, by: Reader, case: int) -> list[JobOut]:
    """The envelopes of a case, newest first."""
    with store.read() as session:
        return [_job(job) for job in desk.jobs_of(session, by, case)]


@router.get("/scans/{gateway}/{job}")
def job(store: StoreOf, by: Reader, gateway: str, job: str) -> JobOut:
    """How an envelope stands."""
    with store.read() as session:
        return _job(desk.find_job(session, by, gateway, job))


@router.post("/scans/{gateway}/{job}/pages", status_code=202)
def scan(store: StoreOf, by: Writer, now: Now, gateway: str, job: str, told: Feeding) -> Asked:
    """Feed what lies in the scanner."""
    with store.write() as session:
        return Asked(job=job, wish=desk.Desk(session, by, gateway, now).scan(job, told.preset, told.instead_of).jti)


@router.post("/scans/{gateway}/{job}/stop", status_code=202)
def stop(store: StoreOf, by: Writer, now: Now, gateway: str, job: str) -> Asked:
    """No sheet after this one."""
    with store.write() as session:
        return Asked(job=job, wish=desk.Desk(session, by, gateway, now).stop(job).jti)


@router.post("/scans/{gateway}/{job}/difference", status_code=202)
def explain(store: StoreOf, by: Writer, now: Now, gateway: str, job: str, told: Answering) -> Asked:
    """Answer for the difference as it is now."""
    with store.write() as session:
        return Asked(job=job, wish=desk.Desk(session, by, gateway, now).explain(job, told.scanned, told.why).jti)


@router.post("/scans/{gateway}/{job}/close", status_code=202)
def close(store: StoreOf, by: Writer, now: Now, gateway: str, job: str) -> Asked:
    """The envelope is empty."""
    with store.write() as session:
        return Asked(job=job, wish=desk.Desk(session, by, gateway, now).close(job).jti)


@router.get("/pages/{page}/text")
def text(store: StoreOf, by: Reader, page: int) -> PageText:
    """What was read on a page."""
    with store.read() as session:
        found = service.find_page(session, by, page)
        return PageText.of(found, page=found.id)


def _job(job: ScanJob) -> JobOut:
    intake = job.intake
    return JobOut.of(
        job,
        job=intake.job or "",
        gateway=intake.gateway or "",
        case=intake.case_id,
        pages=intake.pages,
        read=intake.done,
        state=intake.state,
    )
