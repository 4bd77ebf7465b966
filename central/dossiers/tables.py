"""What was brought in, its pages, the documents they make up, and the dossier as a whole."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

import central.people.tables  # noqa: F401  (cases refer to people)
from central.cases.tables import Case
from central.store import Base, BigId
from central.web.refused import Said

_KEPT_SQL = text("state <> 'REFUSED'")


class Dossier(Base):
    """The electronic dossier of one case; there from the first file on."""

    __tablename__ = "dossiers"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default="OPEN")
    """OPEN or LOCKED."""
    revision: Mapped[int] = mapped_column(default=0)
    """Counts changes of the catalogue."""
    catalogue: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the blob that was sealed when it was locked."""
    locked_at: Mapped[datetime | None]
    locked_line: Mapped[int | None] = mapped_column(BigId)
    """The line that seals it (`LedgerLine.id`)."""
    pdf: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the main volume's PDF."""
    pdf_side: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the side volume's PDF."""
    pdf_revision: Mapped[int | None]
    """The revision both were made of."""
    changed_at: Mapped[datetime] = mapped_column(index=True)

    case: Mapped[Case] = relationship(lazy="joined")

    @property
    def locked(self) -> bool:
        """True once the catalogue is frozen."""
        return self.state == "LOCKED"

    @property
    def topic(self) -> str:
        """Its live topic."""
        return topic_of(self.case_id)


def topic_of(case: int) -> str:
    """The live topic of a case's electronic dossier."""
    return f"edossier:{case}"


class Intake(Base):
    """One file brought in, or one job of a scanning station."""

    __tablename__ = "intakes"
    __table_args__ = (
        UniqueConstraint("gateway", "job"),
        Index("uq_intakes_once", "case_id", "secret", "sha256", unique=True, sqlite_where=_KEPT_SQL,
              postgresql_where=_KEPT_SQL),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("intakes.id"), index=True)
    """The ZIP it came in, or the document it was made of."""
    secret: Mapped[bool] = mapped_column(default=False)
    """Meant for the side volume."""
    name: Mapped[str] = mapped_column(String(200))
    """The file's name as its owner called it; it may hold names of people and enters no line."""
    kind: Mapped[str] = mapped_column(String(8))
    """pdf, image, zip, docx or scan."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Its blob, never altered; of a scanning job, the hash of its name."""
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="WAITING")
    """A state of `flow`."""
    said: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Why it was refused, packed."""
    pages: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    """Pages that have been read, or given up."""
    by: Mapped[str] = mapped_column(String(40))
    gateway: Mapped[str | None] = mapped_column(String(48))
    job: Mapped[str | None] = mapped_column(String(64))
    brought_at: Mapped[datetime]

    @property
    def why(self) -> Said | None:
        """Why it was refused."""
        return Said.unpacked(self.said) if self.said else None


class ScanJob(Base):
    """An envelope on a scan desk, as its station tells; its pages are those of the intake."""

    __tablename__ = "scan_jobs"

    intake_id: Mapped[int] = mapped_column(ForeignKey("intakes.id"), primary_key=True)
    intake: Mapped[Intake] = relationship(lazy="joined")
    counted: Mapped[int]
    """Sheets counted by hand."""
    sheets: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """What cannot be scanned: `what` and `count`."""
    preset: Mapped[str | None] = mapped_column(String(32))
    """Of the batch that runs, or ran last."""
    scanning: Mapped[bool] = mapped_column(default=False)
    why: Mapped[str | None] = mapped_column(String(16))
    """Why the last batch ended."""
    put_back: Mapped[int | None]
    """The sheet to go on with."""
    owed: Mapped[bool] = mapped_column(default=False)
    """It was to be closed, and counted and scanned differ."""
    explained: Mapped[str | None] = mapped_column(String(20))
    """Why they differ, as somebody answers for it."""
    explained_by: Mapped[str | None] = mapped_column(String(40))
    explained_at: Mapped[int | None]
    """Sheets that were scanned when it was explained; another number, and it no longer counts."""
    explained_line: Mapped[int | None] = mapped_column(BigId)
    """The station's line that says so (`LedgerLine.id`)."""
    note: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of what was written to it."""
    closed: Mapped[bool] = mapped_column(default=False)


class Document(Base):
    """Pages that belong together: one line of the catalogue."""

    __tablename__ = "documents"
    __table_args__ = (Index("ix_documents_case_id_item", "case_id", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    secret: Mapped[bool] = mapped_column(default=False)
    item: Mapped[int | None]
    """Its place in the statutory order; None while nobody knows."""
    place: Mapped[int] = mapped_column(default=0)
    """Its place among documents of the same item."""
    title: Mapped[str] = mapped_column(String(200), default="")
    dated: Mapped[date | None]
    parties: Mapped[list[str]] = mapped_column(default=list)
    state: Mapped[str] = mapped_column(String(10), default="PROPOSED")
    """PROPOSED or CONFIRMED."""
    confidence: Mapped[float] = mapped_column(Float, default=0.0)
    """0 to 1: how sure the proposal is."""
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    """Why it was proposed, packed."""
    proposed: Mapped[int | None]
    """The item that was proposed first."""

    @property
    def why(self) -> list[Said]:
        """Why it was proposed."""
        return [Said.unpacked(reason) for reason in self.reasons]


class Page(Base):
    """One page: what came, what is shown, what was read on it."""

    __tablename__ = "pages"
    __table_args__ = (
        UniqueConstraint("intake_id", "number"),
        Index("ix_pages_document_id_place", "document_id", "place"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    intake_id: Mapped[int] = mapped_column(ForeignKey("intakes.id"))
    number: Mapped[int]
    """Its place in what was brought in, from 1."""
    state: Mapped[str] = mapped_column(String(8), default="NEW")
    """NEW, READ, or FAILED when it could not be read."""
    kind: Mapped[str] = mapped_column(String(10), default="page")
    """page, blank, separator, or replaced when it was scanned anew."""
    sheet: Mapped[int | None]
    """Of a scanning job: the sheet it is a side of."""
    side: Mapped[str | None] = mapped_column(String(5))
    """front or back."""
    flaws: Mapped[str] = mapped_column(String(60), default="")
    """What its station found wrong with the image: `devices.scanning.Flaw`, parted by commas."""
    original: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of its image as it came; None where it is a page of the file itself (PDF, several images)."""
    image: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the JPEG that is shown and read: derived, straightened by `skew`."""
    thumb: Mapped[str | None] = mapped_column(String(64))
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    dpi: Mapped[int] = mapped_column(default=300)
    skew: Mapped[float] = mapped_column(Float, default=0.0)
    """Degrees by which the derived image was straightened."""
    turned: Mapped[int] = mapped_column(default=0, server_default="0")
    """Degrees clockwise by which a person had the derived image turned before: 0, 90, 180 or 270."""
    codes: Mapped[list[str]] = mapped_column(default=list)
    """What its barcodes say."""
    engine: Mapped[str] = mapped_column(String(16), default="")
    """What read it."""
    text: Mapped[str] = mapped_column(Text, default="", deferred=True)
    layout: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the blob that says where on the image each line stands."""
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id"))
    place: Mapped[int] = mapped_column(default=0)
    """Its place in the document."""


class Change(Base):
    """One change of a catalogue, with what stood there before, so that it can be undone."""

    __tablename__ = "catalogue_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    what: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What was done, packed."""
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Documents and pages as they were."""
    undone: Mapped[bool] = mapped_column(default=False)

    @property
    def said(self) -> Said:
        """What was done."""
        return Said.unpacked(self.what)


class Lesson(Base):
    """What people confirmed: documents with such a title belong there."""

    __tablename__ = "catalogue_lessons"
    __table_args__ = (UniqueConstraint("title", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    """The title without names, numbers and dates."""
    item: Mapped[int]
    times: Mapped[int] = mapped_column(default=0)


class Work(Base):
    """One piece of work that waits for a worker, or that one has taken."""

    __tablename__ = "dossier_work"
    __table_args__ = (UniqueConstraint("kind", "ref"), Index("ix_dossier_work_next", "state", "rank", "id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    ref: Mapped[int] = mapped_column(BigInteger)
    rank: Mapped[int]
    """Smaller comes first."""
    state: Mapped[str] = mapped_column(String(8), default="WAITING")
    """WAITING or FAILED."""
    tries: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(80))
    until: Mapped[datetime | None]
    """When its worker is believed dead."""
