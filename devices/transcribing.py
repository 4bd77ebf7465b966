"""Stored sound as work: any box with a recogniser may be asked to write down what another room has recorded."""

from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from devices.agenda import HearingId
from devices.hearings import Sample, SegmentTranscribed, Sha256
from devices.messages import Fact, Fetch, Wish

TRANSCRIBER = "transcriber"
"""The device name, and the kind of its wishes, of a box that takes stored sound as work."""
_SHA256 = r"^[0-9a-f]{64}$"


class StoredSound(BaseModel):
    """One seat's sound of a segment, with that of its neighbours where they join: a word may reach across."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sound: Sha256 = Field(pattern=_SHA256)
    """Mono FLAC, as `before` and `after`."""
    before: Sha256 | None = Field(default=None, pattern=_SHA256)
    after: Sha256 | None = Field(default=None, pattern=_SHA256)
    told_to: int | None = Field(default=None, ge=0)
    """Where the last word ends that the segment before has; None if its words are not known."""


class TranscribeSegment(Wish):
    """Make the words of a segment from its sound, which is fetched by hash."""

    kind: ClassVar[str] = TRANSCRIBER
    patience_s: ClassVar[float] = 300.0

    hearing: HearingId
    number: int = Field(ge=1)
    from_sample: Sample
    """Number of its first sample, counted from the opening of its hearing."""
    rate: int = Field(ge=1)
    seats: dict[str, StoredSound]

    def answered_by(self, fact: Fact) -> bool:
        """Its words are on disk."""
        return isinstance(fact, SegmentTranscribed) and (fact.hearing, fact.number) == (self.hearing, self.number)

    async def put_to(self, device: "Transcriber", fetch: Fetch) -> SegmentTranscribed:
        """Have it done; the words are the answer."""
        return await device.transcribe(self, fetch)


class Transcriber(Protocol):
    """Who takes stored sound as work."""

    async def transcribe(self, wish: TranscribeSegment, fetch: Fetch) -> SegmentTranscribed:
        """Do it now. Raises DeviceBusy (a hearing needs the room), DeviceOffline (no model, no sound), WishRejected."""
