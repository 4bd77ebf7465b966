"""What a scanning station reports, turned into a dossier: an envelope is one intake, each side of a sheet one page.

The line names the page's hash; the image itself comes by its own way, before or after, and is read once it is there.
"""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.clock import Clock
from central.dossiers import work
from central.dossiers.live import topic
from central.dossiers.service import dossier_of, touched
from central.dossiers.tables import Intake, Page, ScanJob
from central.ledger.projection import LineView
from central.store import row_in, tell
from central.web.refused import Refused
from devices.messages import Fact, wire_name
from devices.scanning import (
    DifferenceExplained,
    JobClosed,
    JobOpened,
    PageScanned,
    ScanEnded,
    ScanStarted,
    SheetsDiffer,
)

_OF_THE_DESK = (ScanStarted, ScanEnded, SheetsDiffer, DifferenceExplained)
_HEARD: tuple[type[Fact], ...] = (JobOpened, PageScanned, JobClosed, *_OF_THE_DESK)
_CASE = "case:"
DESKS = "scans"
"""The live topic of all scan desks."""


class ScanProjector:
    """Takes in the jobs of scanning stations. What fits no case or no job is parked, and nothing of it is lost."""

    types = frozenset(wire_name(fact) for fact in _HEARD)

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def project(self, session: Session, line: LineView) -> None:
        """Take in one line. Raises Refused: no such case, a locked dossier, a job nobody opened."""
        match line.fact:
            case JobOpened() as opened:
                self._open(session, line, opened)
            case PageScanned() as scanned:
                self._page(session, line, scanned)
            case JobClosed(job=job):
                intake = _intake(session, line, job)
                intake.state = "READING"
                _job(session, intake).closed = True
                tell(session, DESKS)
                if intake.done >= intake.pages:
                    work.ask(session, "arrange", [intake.id])
                self._touch(session, intake)
            case ScanStarted() | ScanEnded() | SheetsDiffer() | DifferenceExplained() as told:
                intake = _intake(session, line, told.job)
                _note(_job(session, intake), told, line.id)
                self._touch(session, intake)

    def _open(self, session: Session, line: LineView, opened: JobOpened) -> None:
        dossier = dossier_of(session, _case(opened.case), self._clock())
        if dossier.locked:
            raise Refused("本案电子卷宗已锁定，不能再收录或调整。只能查阅。", code="dossier_locked")
        name = hashlib.sha256(f"{line.gateway}/{opened.job}".encode()).hexdigest()
        intake = Intake(case_id=dossier.case_id, name=opened.job, kind="scan", sha256=name, size=0, state="SCANNING",
                        by=opened.operator[:40], gateway=line.gateway, job=opened.job, brought_at=line.at)  # fmt: skip
        session.add(intake)
        session.flush()
        left_out = [one.model_dump() for one in opened.left_out]
        session.add(ScanJob(intake_id=intake.id, counted=opened.counted, left_out=left_out))
        touched(session, dossier, self._clock())
        tell(session, topic(line.gateway, opened.job), DESKS)

    def _page(self, session: Session, line: LineView, scanned: PageScanned) -> None:
        intake = _intake(session, line, scanned.job)
        page = Page(case_id=intake.case_id, intake_id=intake.id, number=scanned.page, original=scanned.sha256,
                    dpi=scanned.resolution, width=scanned.width, height=scanned.height, codes=[],
                    sheet=scanned.sheet, side=scanned.side, flaws=",".join(scanned.flaws), thumb=scanned.thumb,
                    kind="blank" if scanned.blank else "page")  # fmt: skip
        session.add(page)
        if scanned.instead_of is not None:
            _replace(session, intake, scanned.instead_of)
        intake.pages, intake.size = intake.pages + 1, intake.size + scanned.size
        job = _job(session, intake)
        job.sheets = max(job.sheets, scanned.sheet)
        session.flush()
        work.ask(session, "read", [page.id])
        self._touch(session, intake)

    def _touch(self, session: Session, intake: Intake) -> None:
        touched(session, dossier_of(session, intake.case_id, self._clock()), self._clock())
        tell(session, topic(intake.gateway or "", intake.job or ""))


def _intake(session: Session, line: LineView, job: str) -> Intake:
    found = select(Intake).where(Intake.gateway == line.gateway, Intake.job == job).with_for_update()
    intake = session.scalars(found).one_or_none()
    if intake is None:
        raise Refused("没有登记过扫描任务“{job}”。", code="no_such_job", status=404, job=job)
    return intake


def _job(session: Session, intake: Intake) -> ScanJob:
    job = session.get(ScanJob, intake.id)
    if job is None:  # opened before desks were shown
        job = ScanJob(intake_id=intake.id, counted=0, sheets=0, left_out=[])
        session.add(job)
    return job


def _note(job: ScanJob, told: ScanStarted | ScanEnded | SheetsDiffer | DifferenceExplained, line: int) -> None:
    match told:
        case ScanStarted():
            job.preset, job.scanning, job.why, job.put_back, job.owed = told.preset, True, None, None, False
        case ScanEnded():
            job.scanning, job.sheets, job.why, job.put_back = False, told.sheets, told.why, told.put_back
        case SheetsDiffer():
            job.owed = job.explained_at != told.scanned  # who closes and who explains may be two people at once
        case DifferenceExplained():
            job.explained, job.explained_by, job.explained_at = told.why, told.operator[:40], told.scanned
            job.explained_line, job.note, job.owed = line, told.note, False


def _replace(session: Session, intake: Intake, number: int) -> None:
    """The page stays kept, but belongs to no document: another was scanned in its place."""
    found = select(Page).where(Page.intake_id == intake.id, Page.number == number)
    page = session.scalars(found).one_or_none()
    if page is not None:
        page.kind = "replaced"


def _case(reference: str) -> int:
    number = row_in(reference.removeprefix(_CASE))
    if number is None:
        raise Refused("没有这个案件。", code="no_such_case", status=404)
    return number
