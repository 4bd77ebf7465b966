"""Sound of other rooms as work: fetched by hash, written down while this room is idle, and kept nowhere here."""

import asyncio
import logging
from collections.abc import Callable

from devices.errors import DeviceBusy, WishRejected
from devices.hearings import SegmentTranscribed
from devices.messages import Fetch
from devices.transcribing import StoredSound, TranscribeSegment
from gateway.hearing.again import Span, heard_again
from gateway.hearing.flac import decode
from gateway.hearing.scribe import Reached
from gateway.uploads import Uploads

log = logging.getLogger(__name__)


class Transcriber:
    """One room's recogniser at work; `is_idle`: nothing is recorded and no hearing is near."""

    def __init__(self, reached: Reached, uploads: Uploads, is_idle: Callable[[], bool]) -> None:
        self._reached = reached
        self._uploads = uploads
        self._is_idle = is_idle

    async def transcribe(self, wish: TranscribeSegment, fetch: Fetch) -> SegmentTranscribed:
        """Do it now. Raises DeviceBusy (a hearing needs the room), DeviceOffline (no model, no sound), WishRejected."""
        try:
            async with asyncio.timeout(wish.patience_s):
                told = {seat: words for seat in wish.seats if (words := await self._written(wish, seat, fetch))}
        except TimeoutError:
            raise DeviceBusy(f"a segment takes longer than {wish.patience_s:g} s here") from None
        if not told:
            raise WishRejected(f"no sound of segment {wish.number} can be read")
        return SegmentTranscribed(hearing=wish.hearing, number=wish.number, words=told)

    async def _written(self, wish: TranscribeSegment, seat: str, fetch: Fetch) -> str | None:
        """The blob of one seat's words; None if its sound is none."""
        if not self._is_idle():
            raise DeviceBusy("a hearing needs this room")
        recogniser, model = self._reached()
        try:
            span = await _span(wish, seat, wish.seats[seat], fetch)
        except WishRejected as error:
            log.error("the sound of %s in segment %s has no words: %s", seat, wish.number, error)
            return None
        words = await heard_again(recogniser, model, span)
        return await self._uploads.keep(words.model_dump_json().encode())


async def _span(wish: TranscribeSegment, seat: str, stored: StoredSound, fetch: Fetch) -> Span:
    async def sound(sha256: str | None) -> bytes:
        return await decode(await fetch(sha256), wish.rate) if sha256 else b""

    pcm = await sound(stored.sound)
    before, after = await sound(stored.before), await sound(stored.after)
    return Span(seat, wish.from_sample, wish.rate, pcm, before, after, stored.told_to)
