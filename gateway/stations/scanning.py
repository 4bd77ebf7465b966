"""A scanning station, with the network down too: an envelope of paper is a job, and each page of it a fact.

A page is hashed, on disk and in the journal before the next is read from the scanner; uploading goes on beside. After a
crash the job goes on from the journal alone: the operator is told which sheet to put back.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal, cast

from devices.errors import DeviceBusy, DeviceError, DeviceOffline, WishRejected
from devices.messages import Fact
from devices.readers import CodeRead
from devices.scanners import Ending, Page, Scanner, ScannerButton, ScanStopped
from devices.scanning import (
    PROGRESS,
    SCANNING,
    START_SHEET,
    DifferenceExplained,
    ExplainDifference,
    JobClosed,
    JobOpened,
    OpenJob,
    PageScanned,
    ScanEnded,
    ScanPages,
    ScanProgress,
    ScanStarted,
    SheetsDiffer,
)
from gateway.config import ScanningSettings
from gateway.journal_writer import JournalFull
from gateway.scanning.envelope import Envelope, Looks
from gateway.scanning.shelf import Shelf
from gateway.stations.place import Live, Place, Works
from gateway.supervise import Time, Up, keep

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """What is to be fed."""

    job: str
    preset: str
    start: Literal["wish", "button", "barcode"] = "wish"
    instead_of: int | None = None


class ScanningDesk:
    """One desk; the `devices.scanning.ScanningStation` that obeys wishes, and a Station of the bench."""

    def __init__(self, settings: ScanningSettings, place: Place, live: Live) -> None:
        self._settings = settings
        self._place = place
        self._bench = place.bench
        self._live = live
        self._shelf = Shelf(place.journal)
        self._wanted: asyncio.Queue[Batch] = asyncio.Queue()
        self._feeding: Batch | None = None
        self._is_stopped = False
        self.works: Callable[[], None] = lambda: None
        """Called when a page was kept."""

    async def run(self, up: Up) -> None:
        """End what a crash cut off, then feed what is wanted, until cancelled."""
        for envelope in self._shelf.open_ones():
            if envelope.feeding is not None:
                await self._end(envelope, "fault", self._put_back(envelope))
        self._feeding = None
        await up()
        while True:
            batch = await self._wanted.get()
            try:
                await self._feed(self._the(batch.job), batch)
            finally:
                self._feeding = None if self._feeding is batch else self._feeding

    async def takes(self, device: str, fact: Fact) -> bool:
        """Nothing is kept from the journal."""
        return False

    def heard(self, device: str, fact: Fact) -> None:
        """The scanner's own button, or a start sheet, begins a batch of the one envelope on the desk."""
        if device == self._settings.scanner and isinstance(fact, ScannerButton) and self._settings.button_preset:
            self._begin_by(self._settings.button_preset, "button")
        if device == self._settings.reader and isinstance(fact, CodeRead) and fact.code.startswith(START_SHEET):
            self._begin_by(fact.code.removeprefix(START_SHEET), "barcode")

    async def open(self, wish: OpenJob) -> None:
        """An envelope comes onto the desk. Raises WishRejected."""
        opened = JobOpened.model_validate(wish.model_dump())
        if (envelope := self._shelf.find(wish.job)) is not None:
            if envelope.opened != opened:
                raise WishRejected(f"{wish.job} is open with other words")
            return
        if self._shelf.was_held(wish.job):
            raise WishRejected(f"{wish.job} is closed; another needs another id")
        await self._tell(await self._shelf.begin(wish.job), opened)

    async def scan(self, wish: ScanPages) -> None:
        """Begin a batch. Raises WishRejected, DeviceBusy, DeviceOffline."""
        envelope = self._the(wish.job)
        if wish.preset not in self._settings.presets:
            raise WishRejected(f"no preset is called {wish.preset}; there are {', '.join(self._settings.presets)}")
        if wish.instead_of is not None and envelope.page(wish.instead_of) is None:
            raise WishRejected(f"{wish.job} has no page {wish.instead_of}")
        if self._feeding is not None:
            raise DeviceBusy(f"{self._feeding.job} is being scanned")
        self._bench.reached(self._settings.scanner)
        self._begin(Batch(wish.job, wish.preset, instead_of=wish.instead_of))

    async def stop(self, job: str) -> None:
        """No sheet after this one. Raises WishRejected."""
        if self._feeding is None or self._feeding.job != job:
            raise WishRejected(f"{job} is not being scanned")
        self._is_stopped = True

    async def explain(self, wish: ExplainDifference) -> None:
        """Somebody answers for a difference. Raises WishRejected: there is none, or not this one."""
        envelope = self._idle(wish.job)
        if wish.scanned != envelope.sheets:
            raise WishRejected(f"{envelope.sheets} sheets are scanned, not {wish.scanned}; look again")
        if envelope.counted == envelope.sheets:
            raise WishRejected("counted and scanned agree; there is nothing to explain")
        told = {**wish.model_dump(exclude={"closes"}), "counted": envelope.counted}
        await self._tell(envelope, DifferenceExplained.model_validate(told))
        if wish.closes:
            await self.close(wish.job)

    async def close(self, job: str) -> None:
        """The envelope is empty, or it is told what is owed. Raises WishRejected, DeviceBusy."""
        envelope = self._idle(job)
        counted, scanned = envelope.counted, envelope.sheets
        if not envelope.is_settled:
            await self._tell(envelope, SheetsDiffer(job=job, counted=counted, scanned=scanned))
            return
        explained = counted != scanned
        closed = JobClosed(job=job, sheets=scanned, pages=len(envelope.pages), explained=explained)
        await self._tell(envelope, closed)
        await self._shelf.put_away(job)

    def _begin_by(self, preset: str, start: Literal["button", "barcode"]) -> None:
        jobs = self._shelf.open_ones()
        if len(jobs) != 1 or self._feeding is not None or preset not in self._settings.presets:
            log.warning("a start by %s is passed over: %d envelopes, preset %s", start, len(jobs), preset)
            return
        self._begin(Batch(jobs[0].job, preset, start))

    def _begin(self, batch: Batch) -> None:
        self._feeding, self._is_stopped = batch, False
        self._wanted.put_nowait(batch)

    async def _feed(self, envelope: Envelope, batch: Batch) -> None:
        anew = envelope.page(batch.instead_of) if batch.instead_of else None
        from_sheet = anew.sheet if anew else envelope.next_sheet
        started = ScanStarted(job=batch.job, preset=batch.preset, from_sheet=from_sheet, start=batch.start)
        await self._tell(envelope, started)
        self._bench.busy(SCANNING, is_so=True)
        self._tell_progress(envelope, scanning=True)
        try:
            why = await self._pages(envelope, batch, anew)
        finally:
            self._bench.busy(SCANNING, is_so=False)
        put_back = None if why == "out_of_paper" else self._put_back(envelope, anew)
        await self._end(envelope, why, put_back)

    async def _pages(self, envelope: Envelope, batch: Batch, anew: PageScanned | None) -> Ending:
        """Every page that comes, each kept before the next is read; gives why no more come."""
        settings = self._settings.presets[batch.preset]
        try:
            scanner = cast(Scanner, self._bench.reached(self._settings.scanner))
            async with aclosing(scanner.scan(settings)) as pages:  # type: ignore[type-var]
                async for page in pages:
                    if anew is not None and settings.source == "feeder_duplex" and page.side != anew.side:
                        continue
                    await self._keep(envelope, batch, page, anew)
                    if self._is_stopped:
                        return "cancelled"
                    if anew is not None:
                        return "out_of_paper"
        except ScanStopped as stopped:
            log.warning("%s: scanning stopped, %s: %s", batch.job, stopped.why, stopped)
            return stopped.why
        except DeviceError as error:
            log.warning("%s: scanning stopped: %s", batch.job, error)
            return "gone" if isinstance(error, DeviceOffline) else "fault"
        except (OSError, JournalFull) as error:
            log.error("%s: a page cannot be kept: %s", batch.job, error)
            return "fault"
        return "out_of_paper"

    async def _keep(self, envelope: Envelope, batch: Batch, page: Page, anew: PageScanned | None) -> None:
        """The page is on disk and in the journal. Raises OSError, JournalFull."""
        settings = self._settings.presets[batch.preset]
        seeing = asyncio.to_thread(_looked_at, page.image, settings.resolution)
        looks, sha256 = await asyncio.gather(seeing, self._kept(page.image))
        thumb = await self._kept(looks.thumb) if looks else None
        sheet, instead_of = envelope.place(page.side, anew)
        scanned = PageScanned(
            job=batch.job, page=len(envelope.pages) + 1, sheet=sheet, side=anew.side if anew else page.side,
            sha256=sha256, size=len(page.image), format=page.format, width=page.width, height=page.height,
            mode=settings.mode, resolution=settings.resolution, source=settings.source,
            blank=looks is not None and looks.blank, flaws=looks.flaws if looks else (), thumb=thumb,
            instead_of=instead_of,
        )  # fmt: skip
        # Not by the bench: on a full disk it would count the page and go on.
        await self._place.journal.append(SCANNING, scanned)
        envelope.take(scanned)
        self.works()
        self._tell_progress(envelope, scanning=True)

    async def _kept(self, image: bytes) -> str:
        while True:
            try:
                return await self._place.uploads.keep(image)
            except OSError:
                if not self._place.uploads.make_room():
                    raise

    async def _end(self, envelope: Envelope, why: Ending, put_back: int | None) -> None:
        ended = ScanEnded(job=envelope.job, sheets=envelope.sheets, why=why, put_back=put_back)
        # Before anybody hears of it: who does may wish for the next thing at once.
        envelope.take(ended)
        self._feeding = None
        await self._bench.tell(SCANNING, ended)
        self._tell_progress(envelope, scanning=False)

    def _put_back(self, envelope: Envelope, anew: PageScanned | None = None) -> int:
        return anew.sheet if anew else envelope.next_sheet

    def _tell_progress(self, envelope: Envelope, *, scanning: bool) -> None:
        told = ScanProgress(
            job=envelope.job, sheets=envelope.sheets, pages=len(envelope.pages), counted=envelope.counted,
            scanning=scanning,
        )  # fmt: skip
        self._live(SCANNING, PROGRESS, told.model_dump_json().encode())

    def _the(self, job: str) -> Envelope:
        envelope = self._shelf.find(job)
        if envelope is None:
            raise WishRejected(f"no envelope {job} is on this desk")
        return envelope

    def _idle(self, job: str) -> Envelope:
        if self._feeding is not None and self._feeding.job == job:
            raise DeviceBusy(f"{job} is being scanned")
        return self._the(job)

    async def _tell(self, envelope: Envelope, fact: Fact) -> None:
        await self._bench.tell(SCANNING, fact)
        envelope.take(fact)


def _looked_at(image: bytes, resolution: int) -> Looks | None:
    """How it looks; None where it cannot be told: a page is kept whatever it looks like."""
    from gateway.scanning.look import looked_at  # not at the head: at rest nobody needs Pillow

    try:
        return looked_at(image, resolution)
    except OSError as error:
        log.warning("how a page looks cannot be told: %s", error)
        return None


def works(settings: ScanningSettings, place: Place, live: Live, lasted: Callable[[], None]) -> Works:
    """A scanning desk put on the bench; `lasted` is called when a page is kept: a start that does so is a good one."""
    desk = ScanningDesk(settings, place, live)
    desk.works = lasted
    place.bench.stations.append(desk)
    place.bench.obeying[SCANNING] = desk
    return [keep("scanning", desk.run, Time(place.journal.clock.mono))]
