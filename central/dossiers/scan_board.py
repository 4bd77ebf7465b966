"""What the pages of the scan desks show, read in few questions."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from central.cases import service as cases
from central.cases.tables import Case
from central.dossiers import scan_words, service
from central.dossiers.tables import Intake, Page, ScanJob
from central.people.roles import Actor, must
from central.people.service import name_of
from central.store import row_in
from central.web.refused import Refused, Said
from central.wishes.tables import WishRow
from devices.scanning import ScanProgress

PIECE = 60
"""Sides that are shown at once, the newest first."""
_RECENT = 8


@dataclass(frozen=True)
class Standing:
    """How one envelope stands, as a person at its desk should see it."""

    job: ScanJob
    case: Case
    sheets: int
    """Scanned so far; what the station says live is ahead of what is proven."""
    pages: int
    shown: int
    """Sides that count: without those that were scanned anew."""
    flawed: int
    """Sides a person should look at."""
    trouble: tuple[Said, Said] | None
    """What happened and what to do, while the last batch did not end as it should."""
    by: str
    explained_by: str

    @property
    def is_settled(self) -> bool:
        """As many sheets are scanned as were counted, or somebody answers for the difference as it is."""
        return self.sheets == self.job.counted or (
            self.job.explained is not None and self.job.explained_at == self.sheets
        )

    @property
    def state(self) -> str:
        """A state `scan:...` of `central.web.states`."""
        if self.job.closed:
            return "CLOSED"
        if self.job.scanning:
            return "SCANNING"
        if self.trouble:
            return "STOPPED"
        if self.job.owed:
            return "DIFFERS"
        return "COMPLETE" if self.pages and self.is_settled else "OPEN"


def standing(session: Session, job: ScanJob, live: ScanProgress | None) -> Standing:
    """How that envelope stands; `live`: what its station said last."""
    intake = job.intake
    ahead = live is not None and live.pages >= intake.pages and not job.closed
    sheets, pages = (live.sheets, live.pages) if live is not None and ahead else (job.sheets, intake.pages)
    mine = select(func.count()).where(Page.intake_id == intake.id)
    flawed = mine.where(Page.flaws != "", Page.kind.not_in(("replaced", "blank")))
    replaced = session.scalar(mine.where(Page.kind == "replaced")) or 0
    why = None if job.scanning or job.closed or job.why is None else job.why
    return Standing(
        job=job, case=cases.find_case(session, intake.case_id), sheets=sheets, pages=pages, shown=pages - replaced,
        flawed=session.scalar(flawed) or 0, trouble=scan_words.ended(why, job.put_back, pages) if why else None,
        by=name_of(session, intake.by), explained_by=name_of(session, job.explained_by) if job.explained_by else "",
    )  # fmt: skip


def sides(session: Session, person: Actor, job: ScanJob, *, below: int | None, flawed: bool) -> Sequence[Page]:
    """Sides of an envelope, the newest first, without those that were scanned anew; one more than a piece holds."""
    found = select(Page).where(Page.intake_id == job.intake_id, Page.kind != "replaced").order_by(Page.number.desc())
    if below is not None:
        found = found.where(Page.number < below)
    if flawed:
        found = found.where(Page.flaws != "", Page.kind != "blank")
    return service.readable(session, person, session.scalars(found.limit(PIECE + 1)).all())


def open_jobs(session: Session, person: Actor) -> Sequence[ScanJob]:
    """The envelopes that lie on desks, newest first, and after them those closed last."""
    must(person, "dossier.read")
    found = select(ScanJob).join(Intake).order_by(ScanJob.intake_id.desc())
    lying = session.scalars(found.where(ScanJob.closed.is_(False)).limit(100)).all()
    return [*lying, *session.scalars(found.where(ScanJob.closed.is_(True)).limit(_RECENT))]


def case_of(session: Session, asked: WishRow | None) -> Case:
    """The case of an envelope that is not on its desk yet, by what was asked. Raises Refused (404)."""
    reference = str(asked.body.get("case", "")) if asked else ""
    return cases.find_case(session, row_in(reference.removeprefix("case:")) or 0)


def case_named(session: Session, text: str) -> Case:
    """The case of a volume's barcode, of a case number or a part of one. Raises Refused."""
    text = text.strip()
    volume = cases.volume_by_barcode(session, text) if text else None
    if volume is not None:
        return volume.case
    found = cases.search(session, text, 2) if text else []
    if len(found) != 1:
        several = "“{text}”符合不止一个案件。请扫描卷宗上的条码，或把案号输完整。"
        none = "没有找到“{text}”。请扫描卷宗上的条码，或输入案号。"
        raise Refused(several if found else none, code="no_such_case", status=422, text=text)
    return found[0]
