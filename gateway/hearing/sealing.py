"""From the closing of a hearing to its seal: how long words are waited for, and the signed list of what there is."""

from collections.abc import Iterable

from devices.claims import HearingClaims
from devices.grants import sign
from devices.hearings import HearingSealed
from devices.manifest import Why, WordsOwed
from gateway.hearing.finisher import Finisher
from gateway.hearing.recording import Recording
from gateway.stations.place import Place

WORDS_PATIENCE_S = 60.0
"""As long as words come it waits; a minute altogether without a recogniser, and it is sealed without."""


class Patience:
    """Runs out in the time in which no words come. Pure."""

    def __init__(self, away_s: float) -> None:
        self._left_s = away_s
        self._looked: float | None = None

    def waits(self, mono: float, *, words_come: bool) -> bool:
        """Whether to wait on, at that second of the steady clock."""
        passed = mono - self._looked if self._looked is not None else 0.0
        self._looked = mono
        if not words_come:
            self._left_s -= passed
        return self._left_s > 0


class Sealing:
    """One hearing's."""

    def __init__(self, recording: Recording, finisher: Finisher, place: Place, patience: Patience) -> None:
        self._recording = recording
        self._finisher = finisher
        self._place = place
        self._patience = patience
        self._why: Why = "sound_unreadable" if finisher.listens else "no_recogniser"

    def is_due(self, *, room_needed: bool) -> bool:
        """Whether its sound is in lines, and its words too unless waiting for them is over."""
        if self._recording.course.state != "closed" or not self._finisher.is_idle:
            return False
        if not self._finisher.owed(self._recording.plan.hearing):
            return True
        waits = self._patience.waits(self._place.journal.clock.mono(), words_come=self._finisher.hears)
        self._why = "room_needed" if waits else "no_recogniser"
        return room_needed or not waits

    async def seal(self, seats: Iterable[str]) -> HearingSealed:
        """The seal of a hearing in a room with these seats; its manifest is kept. Raises DeviceFault, OSError."""
        who, plan, course = self._place.identity, self._recording.plan, self._recording.course
        wordless = course.wordless
        owed = WordsOwed(why=self._why, segments=wordless) if wordless else None
        roles = {seat: plan.seats.get(seat, "other") for seat in seats}
        manifest = course.manifest(plan, roles, who.court, who.gateway, owed)
        sha256 = await self._place.uploads.keep(manifest.model_dump_json().encode())
        iat = int(self._place.journal.clock.now().timestamp())
        claims = HearingClaims(iss=who.gateway, aud=who.court, hearing=plan.hearing, manifest=sha256, iat=iat)
        signature = sign("hearing", claims.write(), who.key, who.kid)
        return HearingSealed(hearing=plan.hearing, manifest=sha256, signature=signature, words_owed=wordless)
