"""Speech into words: what was said, tied to the sound sample by sample. Words are blobs; a line holds none."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.messages import Fact


class Word(BaseModel):
    """One word as it was heard."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    word: str
    from_sample: int
    to_sample: int
    confidence: float = 1.0


class Utterance(BaseModel):
    """What was said between two silences."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    from_sample: int
    to_sample: int
    words: tuple[Word, ...] = ()

    @property
    def text(self) -> str:
        """The words, a space between."""
        return " ".join(word.word for word in self.words)


class Words(BaseModel):
    """The blob of words beside a piece of one seat's sound: the utterances that ended in it.

    Samples count from the opening of the hearing.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    seat: str = ""
    from_sample: int
    to_sample: int
    rate: int
    model: str
    """Which model heard it: SHA-256 over its files."""
    again: bool = False
    """True if it was made from stored sound, not while it was spoken."""
    utterances: tuple[Utterance, ...] = ()


class WordList(BaseModel):
    """The blob with the words of one case: names, cause, statutes. It is fetched for a hearing and not kept after."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    phrases: tuple[str, ...] = ()
    """What is likely to be said, in words of the model with a space between."""
    corrections: dict[str, str] = Field(default_factory=dict)
    """As it is heard -> as it is to be written."""


class Heard(NamedTuple):
    """What a recogniser makes of sound just given to it; samples count from the start of its listening."""

    partial: str
    """The words so far of what is being said, empty in silence."""
    finished: Sequence[Utterance]
    """What ended in the sound just given."""


class SpeechReady(Fact):
    """A model is loaded."""

    model: str
    """SHA-256 over its files."""
    name: str

    def state(self) -> tuple[str, str]:
        """Which model."""
        return "model", f"{self.name} {self.model[:12]}"


class Recogniser(Protocol):
    """One model, shared by up to as many listenings as there are seats; each is named by whoever begins it."""

    async def begin(self, listening: str, rate: int, phrases: Sequence[str] = ()) -> None:
        """Listen anew under that name; only `phrases` are expected, if given. Raises DeviceOffline, WishRejected."""

    async def hear(self, listening: str, pcm: bytes) -> Heard:
        """The next sound (mono s16le). Raises DeviceOffline, and WishRejected for a listening nobody began."""

    async def end(self, listening: str) -> Heard:
        """No more sound comes: what was being said is finished now."""

    def watch(self) -> AsyncIterator[SpeechReady]:
        """Once when the model is loaded. Raises DeviceFault (no model, a corrupt one), DeviceOffline."""


Spoken = Literal["partial", "final"]

SPEECH_PROPERTIES: Mapping[str, Property] = {
    "model": Property(name="Model", datatype="string"),
}
