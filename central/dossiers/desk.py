"""The scan desk: wishes to a scanning station for an envelope of one case, and how that envelope stands."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.cases.service import find_case
from central.dossiers.service import open_dossier
from central.dossiers.tables import Intake, ScanJob
from central.fleet import service as fleet
from central.people.roles import Actor, must
from central.web.refused import Refused
from central.wishes import service as wishes
from central.wishes.tables import WishRow
from devices.messages import Wish
from devices.scanning import (
    SCANNING,
    CloseJob,
    Difference,
    ExplainDifference,
    LeftOut,
    OpenJob,
    ScanPages,
    StopScan,
)


@dataclass(frozen=True)
class Desk:
    """A person at a scanning station."""

    session: Session
    person: Actor
    gateway: str
    now: datetime

    def open(self, case: int, counted: int, left_out: Sequence[LeftOut] = ()) -> tuple[str, WishRow]:
        """Lay an envelope of so many sheets on the desk; gives its job. Raises Refused (locked, no such desk)."""
        open_dossier(self.session, self.person, case, self.now)
        job = f"c{case}-{secrets.token_hex(4)}"
        reference, operator = f"case:{case}", self.person.ref
        wish = OpenJob(job=job, case=reference, operator=operator, counted=counted, left_out=tuple(left_out))
        return job, self._ask(job, wish)

    def scan(self, job: str, preset: str, instead_of: int | None = None) -> WishRow:
        """Feed what lies in the scanner. Raises Refused (no such job, closed)."""
        self._open_job(job)
        return self._ask(job, ScanPages(job=job, preset=preset, instead_of=instead_of))

    def stop(self, job: str) -> WishRow:
        """No sheet after this one. Raises Refused."""
        self._open_job(job)
        return self._ask(job, StopScan(job=job))

    def explain(
        self, job: str, scanned: int, why: Difference, note: str | None = None, *, closes: bool = False
    ) -> WishRow:
        """Answer for a difference as it was seen; `note`: SHA-256 of a text; `closes`: and close it. Raises Refused."""
        self._open_job(job)
        by = self.person.ref
        told = ExplainDifference(job=job, operator=by, scanned=scanned, why=why, note=note, closes=closes)
        return self._ask(job, told)

    def close(self, job: str) -> WishRow:
        """The envelope is empty. Raises Refused."""
        self._open_job(job)
        return self._ask(job, CloseJob(job=job))

    def _open_job(self, job: str) -> None:
        if find_job(self.session, self.person, self.gateway, job).closed:
            raise Refused("这一袋材料已经扫描完毕并关闭。要补扫，请另开一袋。", code="job_closed")

    def _ask(self, job: str, wish: Wish) -> WishRow:
        must(self.person, "dossier.write")
        if fleet.find(self.session, self.gateway) is None:
            raise Refused("没有名为“{name}”的扫描工位。", code="no_such_desk", status=404, name=self.gateway)
        return wishes.ask(self.session, self.gateway, SCANNING, wish, self.person.ref, f"scan:{job}", self.now)


def find_job(session: Session, person: Actor, gateway: str, job: str) -> ScanJob:
    """An envelope of a desk. Raises Refused (404)."""
    must(person, "dossier.read")
    found = select(ScanJob).join(Intake).where(Intake.gateway == gateway, Intake.job == job)
    row = session.scalars(found).one_or_none()
    if row is None:
        raise Refused("没有登记过扫描任务“{job}”。", code="no_such_job", status=404, job=job)
    return row


def jobs_of(session: Session, person: Actor, case: int) -> Sequence[ScanJob]:
    """The envelopes of a case, newest first. Raises Refused."""
    must(person, "dossier.read")
    find_case(session, case)
    found = select(ScanJob).join(Intake).where(Intake.case_id == case).order_by(ScanJob.intake_id.desc())
    return session.scalars(found).all()
