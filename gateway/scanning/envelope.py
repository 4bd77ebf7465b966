"""What has happened to an envelope of paper, folded from its lines: the journal is the only memory of it. Pure."""

from typing import NamedTuple

from devices.messages import Fact
from devices.scanners import Side
from devices.scanning import DifferenceExplained, Flaw, JobClosed, JobOpened, PageScanned, ScanEnded, ScanStarted


class Place(NamedTuple):
    """Where a side that comes now belongs."""

    sheet: int
    instead_of: int | None
    """The page whose place it takes."""


class Looks(NamedTuple):
    """How a page looks."""

    blank: bool
    flaws: tuple[Flaw, ...]
    thumb: bytes
    """A small JPEG."""


class Envelope:
    """One job."""

    def __init__(self, job: str) -> None:
        self.job = job
        self.opened: JobOpened | None = None
        self.closed: JobClosed | None = None
        self.explained: DifferenceExplained | None = None
        self.feeding: ScanStarted | None = None
        """The batch that runs; after a crash, the one that was cut off."""
        self.pages: list[PageScanned] = []

    def take(self, fact: Fact) -> None:
        """Let it have happened; what is of another job did not happen to this one."""
        if getattr(fact, "job", None) != self.job:
            return
        match fact:
            case JobOpened():
                self.opened = fact
            case ScanStarted():
                self.feeding = fact
            case PageScanned() if self.page(fact.page) is None:  # another book tells lines anew
                self.pages.append(fact)
            case ScanEnded():
                self.feeding = None
            case DifferenceExplained():
                self.explained = fact
            case JobClosed():
                self.closed = fact

    @property
    def counted(self) -> int:
        """Sheets that were counted by hand."""
        return self.opened.counted if self.opened else 0

    @property
    def sheets(self) -> int:
        """Sheets that were scanned; one of which only the front came is none yet."""
        return max((page.sheet for page in self.pages), default=0) - (self.half is not None)

    @property
    def half(self) -> PageScanned | None:
        """The front of a sheet whose back never came: it goes through again."""
        last = max((page.sheet for page in self.pages), default=0)
        sides = [page for page in self.pages if page.sheet == last]
        is_half = all(page.side == "front" and page.source == "feeder_duplex" for page in sides)
        return sides[-1] if sides and is_half else None

    @property
    def next_sheet(self) -> int:
        """The sheet to go on with."""
        return self.sheets + 1

    @property
    def is_settled(self) -> bool:
        """Counted and scanned agree, or somebody answers for the difference as it is now."""
        told = self.explained
        return self.counted == self.sheets or (told is not None and told.scanned == self.sheets)

    def page(self, number: int) -> PageScanned | None:
        """The page of that number."""
        return next((page for page in self.pages if page.page == number), None)

    def place(self, side: Side, anew: PageScanned | None) -> Place:
        """Where a side belongs that comes now; `anew`: the page that is being scanned anew."""
        if anew is not None:
            return Place(anew.sheet, anew.page)
        half = self.half
        if side == "back" and half is not None:
            return Place(half.sheet, None)
        return Place(self.next_sheet, half.page if half else None)
