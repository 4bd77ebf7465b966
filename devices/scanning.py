"""Scanning stations: an envelope of paper is a job, each page of it a fact, and nothing is missing unexplained."""

from typing import Annotated, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from devices.messages import Fact, Fetch, Wish
from devices.scanners import Ending, Format, Mode, Side, Source

SCANNING = "scanning"
"""The kind of wish a scanning station obeys."""
PROGRESS = "progress"
"""The live stream of `ScanProgress`."""
START_SHEET = "COURTSIDE-SCAN:"
"""Begins the code of a start sheet; a preset's name ends it."""
JobId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
"""Central's own key of a case or a person; opaque here, and never a name."""
Sha256 = str
_SHA256 = r"^[0-9a-f]{64}$"
Preset = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
"""A name of the gateway's file: mode, resolution, source and options."""
Unscannable = Literal["disc", "usb_stick", "photograph", "bound_volume", "oversize", "object"]
Flaw = Literal["dark", "cut", "skewed", "blurred"]
"""What a person should look at on a page before its sheet is put away."""
Difference = Literal["miscounted", "sheet_unreadable", "sheet_withdrawn", "blank_not_fed", "sheet_twice", "other"]


class LeftOut(BaseModel):
    """Things in the envelope that stay outside the scanner."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    what: Unscannable
    count: int = Field(default=1, ge=1)


class JobOpened(Fact):
    """An envelope is on the desk: whose, by whom, and how many sheets were counted by hand."""

    job: JobId
    case: Reference
    operator: Reference
    counted: int = Field(ge=0)
    """Sheets, not sides."""
    left_out: tuple[LeftOut, ...] = ()


class ScanStarted(Fact):
    """A batch of the job's sheets is being fed. `start`: by a wish, the scanner's button or a barcode sheet."""

    job: JobId
    preset: Preset
    from_sheet: int = Field(ge=1)
    start: Literal["wish", "button", "barcode"] = "wish"


class PageScanned(Fact):
    """One side of one sheet; its image was on disk, whole, before the next was read from the scanner."""

    job: JobId
    page: int = Field(ge=1)
    """Counts the sides of the job in the order they came; with `job` it is the page's identity."""
    sheet: int = Field(ge=1)
    side: Side
    sha256: Sha256 = Field(pattern=_SHA256)
    """Blob: the image as it was measured. Every correction is another image that names this one."""
    size: int = Field(ge=1)
    """Bytes."""
    format: Format
    width: int = Field(ge=1)
    height: int = Field(ge=1)
    mode: Mode
    resolution: int = Field(ge=1)
    source: Source
    blank: bool = False
    """Seems to be empty; marked, never thrown away."""
    flaws: tuple[Flaw, ...] = ()
    """What seems to be wrong with the image; a warning, and the page counts all the same."""
    thumb: Sha256 | None = Field(default=None, pattern=_SHA256)
    """Blob: a small JPEG of it, to be seen at once."""
    instead_of: int | None = None
    """The page of this job that it takes the place of; that one stays kept."""


class ScanEnded(Fact):
    """A batch is over; every page before is safe. Unless out of paper, `put_back` is the sheet to begin again with."""

    job: JobId
    sheets: int = Field(ge=0)
    """Of the whole job so far."""
    why: Ending
    put_back: int | None = None


class SheetsDiffer(Fact):
    """The job was to be closed, but what was counted is not what was scanned; somebody has to explain it."""

    job: JobId
    counted: int
    scanned: int


class DifferenceExplained(Fact):
    """Somebody answers for the difference. `note`: blob of a text, for it may hold a name."""

    job: JobId
    operator: Reference
    counted: int
    scanned: int
    why: Difference
    note: Sha256 | None = Field(default=None, pattern=_SHA256)


class JobClosed(Fact):
    """Every counted sheet is scanned, or the difference is explained: the job takes no more pages."""

    job: JobId
    sheets: int = Field(ge=0)
    pages: int = Field(ge=0)
    explained: bool = False


class OpenJob(Wish):
    """Begin an envelope."""

    kind: ClassVar[str] = SCANNING

    job: JobId
    case: Reference
    operator: Reference
    counted: int = Field(ge=0)
    left_out: tuple[LeftOut, ...] = ()

    def answered_by(self, fact: Fact) -> bool:
        """It is on the desk."""
        return isinstance(fact, JobOpened) and fact.job == self.job

    async def put_to(self, device: "ScanningStation", fetch: Fetch) -> None:
        """Open it; one that is open already with the same words stays so."""
        await device.open(self)


class ScanPages(Wish):
    """Feed what lies in the scanner and add its pages to a job."""

    kind: ClassVar[str] = SCANNING
    patience_s: ClassVar[float] = 60.0

    job: JobId
    preset: Preset
    instead_of: int | None = Field(default=None, ge=1)
    """Scan one page anew, in the place of this one."""

    def answered_by(self, fact: Fact) -> bool:
        """The batch has begun; its pages follow."""
        return isinstance(fact, ScanStarted) and fact.job == self.job

    async def put_to(self, device: "ScanningStation", fetch: Fetch) -> None:
        """Begin; pages are told as they come."""
        await device.scan(self)


class StopScan(Wish):
    """Stop feeding; the pages so far stay."""

    kind: ClassVar[str] = SCANNING

    job: JobId

    def answered_by(self, fact: Fact) -> bool:
        """The batch is over, however."""
        return isinstance(fact, ScanEnded) and fact.job == self.job

    async def put_to(self, device: "ScanningStation", fetch: Fetch) -> None:
        """Cancel it."""
        await device.stop(self.job)


class ExplainDifference(Wish):
    """Answer for a difference between counted and scanned sheets, as they stand now."""

    kind: ClassVar[str] = SCANNING

    job: JobId
    operator: Reference
    scanned: int = Field(ge=0)
    """What the operator saw; a page more since then, and the explanation is refused."""
    why: Difference
    note: Sha256 | None = Field(default=None, pattern=_SHA256)
    closes: bool = False
    """Nothing more comes: close the job with it."""

    def answered_by(self, fact: Fact) -> bool:
        """It is written down."""
        return isinstance(fact, DifferenceExplained) and fact.job == self.job

    async def put_to(self, device: "ScanningStation", fetch: Fetch) -> None:
        """Write it down."""
        await device.explain(self)


class CloseJob(Wish):
    """The envelope is empty. A difference that nobody explained keeps it open."""

    kind: ClassVar[str] = SCANNING

    job: JobId

    def answered_by(self, fact: Fact) -> bool:
        """It is closed, or the difference is told."""
        return isinstance(fact, JobClosed | SheetsDiffer) and fact.job == self.job

    async def put_to(self, device: "ScanningStation", fetch: Fetch) -> None:
        """Close it if nothing is owed."""
        await device.close(self.job)


class ScanningStation(Protocol):
    """A desk with a scanner. Each raises WishRejected (no such job, not in this state), DeviceBusy, DeviceOffline."""

    async def open(self, wish: OpenJob) -> None:
        """Begin an envelope."""

    async def scan(self, wish: ScanPages) -> None:
        """Begin a batch."""

    async def stop(self, job: str) -> None:
        """End the batch that runs."""

    async def explain(self, wish: ExplainDifference) -> None:
        """Note why the numbers differ."""

    async def close(self, job: str) -> None:
        """Close the job, or tell the difference."""


class ScanProgress(BaseModel):
    """Live, and may be lost: how far a job is, for the scan desk."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    job: JobId
    sheets: int = Field(ge=0)
    pages: int = Field(ge=0)
    counted: int = Field(ge=0)
    scanning: bool
