"""A hearing in a courtroom: how it is opened, paused, closed, recorded and sealed. What was said is in blobs.

A hearing has one axis: samples since it was opened, which run on through pauses and gaps. On it lie, without a hole,
the segments, the gaps (sound that should be there and is not) and the pauses; the manifest lists them.
"""

from typing import Annotated, ClassVar, Literal, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from devices.agenda import HEARING_ID, HearingId
from devices.box import Refusal
from devices.messages import Fact, Fetch, Wish
from devices.procedure import ButtonAct, PauseReason
from devices.speech import Spoken
from devices.topics import NAME

COURTROOM = "courtroom"
"""The device name under which a courtroom's lines stand, and the kind of its wishes."""

Sha256 = str
Sample = Annotated[int, Field(ge=0)]
Seat = Annotated[str, Field(pattern=NAME.pattern)]
"""A seat as a room's file calls it; files of an export are named by it."""
By = Literal["agenda", "button", "wish"]

Trouble = Literal[
    "seat_silent",
    "seat_no_signal",
    "seat_clips",
    "device_gone",
    "clock_not_trusted",
    "disk_short",
    "no_model",
    "no_words",
    "room_taken",
    "agenda_clash",
    "unknown_seat",
]

Fault = Literal["no_sound", "disk_full", "clock_stepped", "long_silence", "recorder_stopped", "sound_damaged"]


class Problem(BaseModel):
    """What the self-test found; the hearing is recorded all the same, as well as it can be."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    what: Trouble
    seat: str | None = None
    hearing: str | None = None
    """The other hearing, where two are in each other's way."""


class SeatSound(BaseModel):
    """One seat's part of a segment."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sound: Sha256
    """Blob: mono FLAC."""
    words: Sha256 | None = None
    """Blob: `devices.speech.Words`; None while no model has heard it."""
    device: str
    channel: int
    """Counted from 1."""


class HearingArmed(Fact):
    """The self-test is done: each microphone heard, clock, disk for twice the planned time. Told anew if it changes."""

    hearing: HearingId
    problems: tuple[Problem, ...] = ()


class ArmingRefused(Fact):
    """A severe ticket is open against what would record it, so it is not armed; `problems` as in HearingArmed.

    It is recorded all the same if nothing changes: sound that was not taken cannot be had again.
    """

    hearing: HearingId
    tickets: tuple[int, ...]
    """Central's numbers."""
    problems: tuple[Problem, ...] = ()


class HearingOpened(Fact):
    """宣布开庭: sample 0 of the hearing was taken at that moment."""

    hearing: HearingId
    by: By
    opened_at: AwareDatetime
    rate: int = Field(ge=1)
    closed: bool = False
    """Not public."""


class HearingPaused(Fact):
    """Recording pauses, for one of the reasons the rule has."""

    hearing: HearingId
    reason: PauseReason
    at_sample: Sample
    by: By


class HearingResumed(Fact):
    """Recording goes on."""

    hearing: HearingId
    at_sample: Sample
    by: By


class HearingClosed(Fact):
    """闭庭: the axis ends before that sample. `agenda`: the planned end was over and nobody spoke."""

    hearing: HearingId
    at_sample: Sample
    by: By


class MomentMarked(Fact):
    """Somebody marked this moment."""

    hearing: HearingId
    mark: str
    at_sample: Sample
    by: By


class SegmentRecorded(Fact):
    """About a minute of every seat that was heard is on disk. `at` is the box's time of its first sample."""

    hearing: HearingId
    number: int = Field(ge=1)
    """Counted from 1, without a hole."""
    from_sample: Sample
    to_sample: Sample
    """One past the last."""
    rate: int
    at: AwareDatetime
    seats: dict[Seat, SeatSound]
    mixed: Sha256 | None = None
    """The backup channel: every seat in one."""
    salvaged: bool = False
    """True if it was cut short by a crash and found at the next start."""


class SegmentTranscribed(Fact):
    """Words of a segment that had none, or none any more: made from the sound on disk."""

    hearing: HearingId
    number: int = Field(ge=1)
    words: dict[Seat, Sha256]
    """Seat -> blob."""


class SoundGap(Fact):
    """Sound that should be there and is not: from `from_sample` up to before `to_sample`."""

    hearing: HearingId
    from_sample: Sample
    to_sample: Sample
    why: Literal["lost", "device_gone", "recorder_stopped", "disk_full"]
    """`lost`: the source itself counted them missing."""
    seats: tuple[str, ...] = ()
    """Whose; empty: everybody's."""


class DriftMeasured(Fact):
    """How fast a device's samples came, measured against the box's steady clock since the hearing was opened."""

    hearing: HearingId
    device: str
    ppm: float
    """Above 0: fast."""
    seconds: float
    """Measured over so long."""


class RecordingFault(Fact):
    """Something that the rule (法释〔2017〕5号第四条) wants a written note for, signed by the presiding judge."""

    hearing: HearingId
    why: Fault
    at_sample: Sample


class RecordingRecovered(Fact):
    """The fault is over; the note is still owed."""

    hearing: HearingId
    why: Fault
    at_sample: Sample


class HearingSealed(Fact):
    """Every segment, gap and pause stands in the manifest. `signature`: a token of type `hearing` by the gateway."""

    hearing: HearingId
    manifest: Sha256
    """Blob: `devices.manifest.HearingManifest`."""
    signature: str
    words_owed: tuple[int, ...] = ()
    """Segments sealed without all their words; the manifest says why."""


class SeatVerified(Fact):
    """Somebody spoke or tapped at one seat; `heard` is the seat on which it was loudest, None if nobody was heard."""

    seat: str
    heard: str | None = None


class ButtonPressed(Fact):
    """Somebody in the room pressed a button; what the courtroom does then, it tells as it does after a wish."""

    button: str
    """Its name in the gateway's file."""
    does: ButtonAct


class ButtonRefused(Fact):
    """That cannot be now: nothing was done."""

    button: str
    why: Refusal
    detail: str


class OpenHearing(Wish):
    """Open it now, whatever the agenda's time."""

    kind: ClassVar[str] = COURTROOM
    patience_s: ClassVar[float] = 10.0

    hearing: HearingId

    def answered_by(self, fact: Fact) -> bool:
        """It is open."""
        return isinstance(fact, HearingOpened) and fact.hearing == self.hearing

    async def put_to(self, device: "Courtroom", fetch: Fetch) -> None:
        """Open it."""
        await device.open(self.hearing)


class PauseHearing(Wish):
    """Pause recording for a reason the rule has."""

    kind: ClassVar[str] = COURTROOM
    patience_s: ClassVar[float] = 10.0

    hearing: HearingId
    reason: PauseReason

    def answered_by(self, fact: Fact) -> bool:
        """It is paused."""
        return isinstance(fact, HearingPaused) and fact.hearing == self.hearing

    async def put_to(self, device: "Courtroom", fetch: Fetch) -> None:
        """Pause it."""
        await device.pause(self.hearing, self.reason)


class ResumeHearing(Wish):
    """Go on recording."""

    kind: ClassVar[str] = COURTROOM
    patience_s: ClassVar[float] = 10.0

    hearing: HearingId

    def answered_by(self, fact: Fact) -> bool:
        """It goes on."""
        return isinstance(fact, HearingResumed) and fact.hearing == self.hearing

    async def put_to(self, device: "Courtroom", fetch: Fetch) -> None:
        """Resume it."""
        await device.resume(self.hearing)


class CloseHearing(Wish):
    """Close it; it is sealed by itself thereafter."""

    kind: ClassVar[str] = COURTROOM
    patience_s: ClassVar[float] = 10.0

    hearing: HearingId

    def answered_by(self, fact: Fact) -> bool:
        """It is closed."""
        return isinstance(fact, HearingClosed) and fact.hearing == self.hearing

    async def put_to(self, device: "Courtroom", fetch: Fetch) -> None:
        """Close it."""
        await device.close(self.hearing)


class MarkMoment(Wish):
    """Mark this moment under a code: `evidence-3`, `debate`."""

    kind: ClassVar[str] = COURTROOM
    patience_s: ClassVar[float] = 10.0

    hearing: HearingId
    mark: str = Field(pattern=HEARING_ID)

    def answered_by(self, fact: Fact) -> bool:
        """It is marked."""
        return isinstance(fact, MomentMarked) and (fact.hearing, fact.mark) == (self.hearing, self.mark)

    async def put_to(self, device: "Courtroom", fetch: Fetch) -> None:
        """Mark it."""
        await device.mark(self.hearing, self.mark)


class VerifySeat(Wish):
    """Listen for a few seconds while somebody taps the microphone of that seat: shows two that were swapped."""

    kind: ClassVar[str] = COURTROOM
    patience_s: ClassVar[float] = 20.0

    seat: str = Field(pattern=HEARING_ID)

    def answered_by(self, fact: Fact) -> bool:
        """The listening is over."""
        return isinstance(fact, SeatVerified) and fact.seat == self.seat

    async def put_to(self, device: "Courtroom", fetch: Fetch) -> None:
        """Listen."""
        await device.verify(self.seat)


class Courtroom(Protocol):
    """Each raises WishRejected if that cannot be now, and says why."""

    async def open(self, hearing: str) -> None:
        """Open it. Raises WishRejected (not on the agenda, closed before), DeviceBusy (the room is taken)."""

    async def pause(self, hearing: str, reason: PauseReason) -> None:
        """Pause it."""

    async def resume(self, hearing: str) -> None:
        """Go on."""

    async def close(self, hearing: str) -> None:
        """Close it."""

    async def mark(self, hearing: str, mark: str) -> None:
        """Mark this moment."""

    async def verify(self, seat: str) -> None:
        """Listen which seat is the loudest."""


class Caption(BaseModel):
    """One piece of the live stream `captions`: a seat's words so far, then as they are finished; never if closed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    hearing: HearingId
    seat: str
    spoken: Spoken
    text: str
    from_sample: int
    to_sample: int


class Levels(BaseModel):
    """One piece of the live stream `levels`: peak of each seat over the last moments, in dB below full scale."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    hearing: HearingId | None = None
    at_sample: int = 0
    seats: dict[str, float]


CAPTIONS = "captions"
LEVELS = "levels"
"""Streams of the live topic of `courtroom`."""
