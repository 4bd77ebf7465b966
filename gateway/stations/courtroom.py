"""A courtroom that records by itself, with the network down: opened by agenda, button or wish; sealed at the end.

What must not be lost is a line; sound on its way to a line is on disk within a second. After a crash the hearing goes
on by itself, from the journal alone.
"""

import asyncio
import json
import logging
import shutil
from collections.abc import Callable
from functools import partial

from devices.agenda import AGENDA, AgendaHearing
from devices.errors import DeviceBusy, WishRejected
from devices.hearings import (
    COURTROOM,
    By,
    Fault,
    HearingClosed,
    HearingOpened,
    HearingPaused,
    HearingResumed,
    MomentMarked,
    RecordingFault,
    RecordingRecovered,
    SegmentTranscribed,
    SoundGap,
)
from devices.messages import Fact
from devices.procedure import HearingState, PauseReason, may_pause
from devices.speech import WordList
from devices.transcribing import TRANSCRIBER
from gateway.config import CourtroomSettings
from gateway.hearing.arming import Arming
from gateway.hearing.buttons import Buttons
from gateway.hearing.display import RoomView, Stands, show
from gateway.hearing.finisher import MOST_UNHEARD, Finisher, Unfinished
from gateway.hearing.recording import OPEN, Beginning, Recording, began
from gateway.hearing.room import Room
from gateway.hearing.sealing import WORDS_PATIENCE_S, Patience, Sealing
from gateway.hearing.spool import SYNC_S, Stored
from gateway.hearing.track import Hands, Missing, Track
from gateway.hearing.transcriber import Transcriber
from gateway.stations.panel import Panel, shown
from gateway.stations.place import Live, Place, Works
from gateway.supervise import Time, Up, keep

log = logging.getLogger(__name__)

LOOK_S = 0.25
HELD = "courtroom held"
"""Under this the journal remembers the last hearings that were closed, so that none is opened again."""
_HELD_KEPT = 200
BUSY = "hearing"
DAY_S = 12 * 3600.0
"""So far ahead the display looks."""
IDLE_S = 3600.0
"""A room in which no hearing is due for so long may write down what others recorded."""


class Courtroom:
    """One courtroom; the `devices.hearings.Courtroom` that obeys wishes."""

    def __init__(self, settings: CourtroomSettings, place: Place, live: Live) -> None:
        self._place = place
        self._journal, self._bench, self._clock = place.journal, place.bench, place.journal.clock
        self._folder = place.journal.path.parent / "hearings"
        hands = Hands(self._gap, self._finished, place.uploads.make_room)
        self.room = Room(settings, place.bench, live, hands)
        unheard = MOST_UNHEARD if self.room.scribes else 0
        self.finisher = Finisher(place.journal, place.uploads, self.room.recogniser, unheard)
        self.room.model_came = self.finisher.look_again
        self.finisher.transcribed = self._transcribed
        self._sealing: Sealing | None = None
        self._settings = settings
        self.arming = Arming(self.room, place, self._folder)
        self.recording: Recording | None = None
        """The hearing that is open, or closed and not yet sealed."""
        self.faults: set[Fault] = set()
        self.held: list[str] = json.loads(place.journal.recall(HELD) or "[]")
        self._turn = asyncio.Lock()
        self._restored = False
        self.records: Callable[[], None] = lambda: None
        """Called once in a run, when sound of a hearing is there."""

    async def run(self, up: Up) -> None:
        """Go on with what was open, then arm, open and close as the agenda says, until cancelled."""
        async with self._turn:
            await self._restore()
        await up()
        while True:
            async with self._turn:
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def keep_on_disk(self, up: Up) -> None:
        """Every second, what came has to be on disk."""
        await up()
        while True:
            for track in self.room.tracks.values():
                try:
                    await track.sync()
                except OSError as error:
                    log.error("sound could not be brought to disk: %s", error)
            await asyncio.sleep(SYNC_S)

    async def look(self) -> None:
        """What is due now."""
        now = self._clock.now()
        recording = self.recording
        open_now = recording.plan.hearing if recording else None
        room_needed = False
        for plan in self.arming.due(now, but=(*self.held, open_now)):
            room_needed = room_needed or now >= plan.opens_at
            if armed := await self.arming.test(plan, open_now):
                await self._tell(armed)
            if now >= plan.opens_at and self._clock.trusted and self.recording is None:
                await self._open(plan, "agenda")
        if recording is not None:
            await self._watch_over(recording)
            await self._seal_if_due(recording, room_needed=room_needed)
        at = recording.now(self._clock.mono()) if recording else 0
        self.room.tell_levels(open_now, at)

    async def open(self, hearing: str, by: By = "wish") -> None:
        """宣布开庭. Raises WishRejected, DeviceBusy."""
        async with self._turn:
            plan = self.arming.planned(hearing)
            if plan is None:
                raise WishRejected(f"{hearing} is not on this room's agenda")
            if hearing in self.held:
                raise WishRejected(f"{hearing} is closed; another needs another id")
            if self.recording is not None:
                await self._seal_if_due(self.recording, room_needed=True)
            if self.recording is not None:
                is_same = self.recording.plan.hearing == hearing
                raise WishRejected("it is open") if is_same else DeviceBusy(f"{self.recording.plan.hearing} is open")
            await self._open(plan, by)

    async def pause(self, hearing: str, reason: PauseReason, by: By = "wish") -> None:
        """Pause for one of the rule's reasons. Raises WishRejected."""
        async with self._turn:
            recording = self._the(hearing, "recording")
            if not may_pause(reason, closed=recording.plan.closed):
                raise WishRejected(f"{reason} is no reason in a hearing that is not public")
            at = recording.now(self._clock.mono())
            await recording.stop(at)
            await self._tell(HearingPaused(hearing=hearing, reason=reason, at_sample=at, by=by))

    async def resume(self, hearing: str, by: By = "wish") -> None:
        """Go on. Raises WishRejected."""
        async with self._turn:
            recording = self._the(hearing, "paused")
            paused = recording.course.paused
            at = max(recording.axis(self._clock.mono()), paused.at_sample if paused else 0)
            await self._tell(HearingResumed(hearing=hearing, at_sample=at, by=by))
            self.room.listen_anew()
            recording.record(at)

    async def close(self, hearing: str, by: By = "wish") -> None:
        """闭庭. Raises WishRejected."""
        async with self._turn:
            if self.recording is None or self.recording.plan.hearing != hearing:
                raise WishRejected(f"{hearing} is not open")
            await self._close(self.recording, by)

    async def mark(self, hearing: str, mark: str, by: By = "wish") -> None:
        """Mark this moment. Raises WishRejected."""
        recording = self._the(hearing, "recording")
        at = recording.now(self._clock.mono())
        await self._tell(MomentMarked(hearing=hearing, mark=mark, at_sample=at, by=by))

    def at_hand(self, within_s: float = 0) -> tuple[str, HearingState] | None:
        """The hearing that is open or, if there is none, the next that is due (within that time), and how it stands."""
        recording = self.recording
        if recording is not None and recording.course.state != "closed":
            return recording.plan.hearing, recording.course.state
        due = self.arming.due(self._clock.now(), within_s, self.held)
        return next(((plan.hearing, "armed") for plan in due), None)

    async def verify(self, seat: str) -> None:
        """Listen for a while. Raises WishRejected."""
        if seat not in self._settings.seats:
            raise WishRejected(f"no seat is called {seat}; there are {', '.join(self._settings.seats)}")
        await self.room.verify(seat)

    async def _restore(self) -> None:
        if self._restored:
            return
        self._restored = True
        recording = began(self._journal, self.room.tracks, self._folder, self._clock)
        if recording is None:
            return
        self._take_up(recording)
        for gap in recording.salvage(self.finisher):
            await self._tell(gap)
        await self.finisher.recall(recording.course)
        if recording.course.state == "recording":
            at = max(track.end for track in self.room.tracks.values())
            await self._fault("recorder_stopped", at)
            recording.record(0, after="recorder_stopped")
        elif recording.course.state == "sealed":
            await self._let_go(recording)

    def _take_up(self, recording: Recording) -> None:
        self.recording = recording
        self._bench.busy(BUSY, is_so=True)
        self.room.captions_may_leave = not recording.plan.closed
        words = recording.folder / "words.json"
        known = WordList.model_validate_json(words.read_bytes()) if words.exists() else WordList()
        patience = Patience(WORDS_PATIENCE_S if self.room.scribes else 0)
        self._sealing = Sealing(recording, self.finisher, self._place, patience)
        for scribe in self.room.scribes.values():
            scribe.attend(recording.plan.hearing, known.corrections)

    async def _open(self, plan: AgendaHearing, by: By) -> None:
        mono = self._clock.mono()
        recording = Recording(plan, self._folder, mono, self.room.tracks)
        recording.folder.mkdir(parents=True, exist_ok=True)
        beginning = Beginning(plan.model_dump_json(), self._journal.head.n, self._clock.boot, mono)
        await self._journal.remember(OPEN, beginning.write())
        self._take_up(recording)
        opened_at, rate = self._clock.now(), self.room.rate
        opened = HearingOpened(hearing=plan.hearing, by=by, opened_at=opened_at, rate=rate, closed=plan.closed)
        for track in self.room.tracks.values():
            track.end = 0
        self.room.listen_anew()
        await self._tell(opened)
        recording.record(0)

    async def _close(self, recording: Recording, by: By) -> None:
        at = recording.now(self._clock.mono())
        if recording.course.state == "recording":
            await recording.stop(at)
            for drift in recording.drift():
                await self._tell(drift)
        elif recording.course.paused:
            at = max(recording.axis(self._clock.mono()), recording.course.paused.at_sample)
        self.held = [*self.held, recording.plan.hearing][-_HELD_KEPT:]
        await self._journal.remember(HELD, json.dumps(self.held))
        await self._tell(HearingClosed(hearing=recording.plan.hearing, at_sample=at, by=by))

    async def _seal_if_due(self, recording: Recording, *, room_needed: bool) -> None:
        if self._sealing is not None and self._sealing.is_due(room_needed=room_needed):
            await self._tell(await self._sealing.seal(self._settings.seats))
            await self._let_go(recording)

    async def _let_go(self, recording: Recording) -> None:
        """It is sealed: all of it is in blobs and lines."""
        await self._journal.remember(OPEN, "")
        shutil.rmtree(recording.folder, ignore_errors=True)
        self.recording = self._sealing = None
        self.faults.clear()
        self._bench.busy(BUSY, is_so=False)

    async def _watch_over(self, recording: Recording) -> None:
        if recording.course.state != "recording":
            return
        mono, at = self._clock.mono(), recording.now(self._clock.mono())
        live = any(track.is_live(mono) for track in self.room.tracks.values())
        if live:
            self.records()
            await self._recovered("recorder_stopped", at)
        await self._fault_if("no_sound", at, is_so=not live and "recorder_stopped" not in self.faults)
        await self._fault_if("disk_full", at, is_so=any(track.is_full for track in self.room.tracks.values()))
        await self._fault_if("long_silence", at, is_so=live and self.room.is_silent)
        over_s = (self._clock.now() - recording.plan.closes_at).total_seconds()
        # A clock that was set proves no end: it is believed again once it is trusted.
        if self._clock.trusted and over_s > 0 and min(over_s, self.room.silent_s) > self._settings.quiet_s:
            await self._close(recording, "agenda")

    async def _fault_if(self, why: Fault, at: int, *, is_so: bool) -> None:
        await (self._fault(why, at) if is_so else self._recovered(why, at))

    async def _fault(self, why: Fault, at: int) -> None:
        if why not in self.faults and self.recording is not None:
            self.faults.add(why)
            await self._tell(RecordingFault(hearing=self.recording.plan.hearing, why=why, at_sample=at))

    async def _recovered(self, why: Fault, at: int) -> None:
        if why in self.faults and self.recording is not None:
            self.faults.discard(why)
            await self._tell(RecordingRecovered(hearing=self.recording.plan.hearing, why=why, at_sample=at))

    async def _gap(self, track: Track, from_sample: int, to_sample: int, why: Missing) -> None:
        if self.recording is not None:
            hearing, seats = self.recording.plan.hearing, tuple(track.seats)
            gap = SoundGap(hearing=hearing, from_sample=from_sample, to_sample=to_sample, why=why, seats=seats)
            await self._tell(gap)

    def _finished(self, track: Track, stored: Stored) -> None:
        if self.recording is not None:
            unfinished = Unfinished(stored, track.seats, track.channels, track.scribes)
            self.finisher.put(self.recording.course, unfinished)

    def _transcribed(self, fact: SegmentTranscribed) -> None:
        if self.recording is not None:
            self.recording.course.take(fact)

    def _the(self, hearing: str, state: str) -> Recording:
        recording = self.recording
        if recording is None or recording.plan.hearing != hearing or recording.course.state != state:
            raise WishRejected(f"{hearing} is not {state}")
        return recording

    async def _tell(self, fact: Fact) -> None:
        await self._bench.tell(COURTROOM, fact)
        if self.recording is not None:
            self.recording.course.take(fact)
        self.finisher.look_again()


def works(settings: CourtroomSettings, place: Place, live: Live, lasted: Callable[[], None]) -> Works:
    """A courtroom put on the bench; `lasted` is called as it records: a start that does so is a good one."""
    courtroom = Courtroom(settings, place, live)
    courtroom.records = lasted
    room, time = courtroom.room, Time(place.journal.clock.mono)
    place.bench.stations += [room, Buttons(settings.buttons, courtroom, partial(place.bench.tell, COURTROOM))]
    place.bench.obeying[COURTROOM] = courtroom
    if room.scribes:
        place.bench.obeying[TRANSCRIBER] = Transcriber(
            room.recogniser, place.uploads, lambda: courtroom.at_hand(IDLE_S) is None
        )
    agenda = partial(place.documents.watch, AGENDA)
    return [
        *(_display(courtroom, place, settings.screen_port, time) if settings.screen_port is not None else []),
        keep("agenda", partial(courtroom.arming.follow, agenda), time),
        keep("courtroom", courtroom.run, time),
        keep("segments", courtroom.finisher.run, time),
        keep("sound on disk", courtroom.keep_on_disk, time),
        *(keep(f"sound of {name}", partial(room.listen, name), time) for name in room.tracks),
        *(keep(f"words of {seat}", scribe.run, time) for seat, scribe in room.scribes.items()),
        *([keep("words missed", courtroom.finisher.hear_again, time)] if room.scribes else []),
    ]


def stands(courtroom: Courtroom, place: Place) -> Stands:
    """How it stands now, for those in the room."""
    clock = place.journal.clock
    now = clock.now()
    return Stands(
        recording=courtroom.recording,
        faults=courtroom.faults,
        due=next(iter(courtroom.arming.due(now, DAY_S, courtroom.held)), None),
        mono=clock.mono(),
        clock_trusted=clock.trusted,
        free_bytes=shutil.disk_usage(place.journal.path.parent).free,
        tickets=bool(courtroom.arming.agenda.tickets),
    )


def _display(courtroom: Courtroom, place: Place, port: int, time: Time) -> Works:
    panel = Panel(RoomView())
    showing = partial(show, panel, courtroom.room, partial(stands, courtroom, place))
    return [keep("screen", partial(shown, panel, "courtroom", port), time), keep("shown in the room", showing, time)]
