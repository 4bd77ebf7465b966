"""Words made again from stored sound.

A word belongs to the segment in which it ends, wherever segments were cut: so the recogniser also hears what came
before and after, and what the segment before has already is not told twice.
"""

from dataclasses import dataclass
from itertools import count

from devices.microphones import WIDTH
from devices.speech import Recogniser, Utterance, Word, Words
from gateway.hearing.record import moved

AROUND_S = 10.0
"""So much of the neighbours is heard too: longer than a word, and than the breath before it."""
_PIECE = 1 << 16
_NUMBERS = count()


@dataclass(frozen=True)
class Span:
    """A piece of one seat's sound, s16le, with what is stored of its neighbours where they join without a break."""

    seat: str
    from_sample: int
    rate: int
    pcm: bytes
    before: bytes = b""
    after: bytes = b""
    told_to: int | None = None
    """Where the last word ends that the segment before has; None if its words are not known."""

    @property
    def to_sample(self) -> int:
        """One past its last sample."""
        return self.from_sample + len(self.pcm) // WIDTH

    @property
    def sound(self) -> tuple[int, bytes]:
        """Where what is to be heard begins, and that sound."""
        around = round(AROUND_S * self.rate)
        wanted = around if self.told_to is None else max(around, self.from_sample - self.told_to + self.rate)
        before = self.before[-wanted * WIDTH :]
        after = self.after[: around * WIDTH]
        return self.from_sample - len(before) // WIDTH, before + self.pcm + after

    def own(self, one: Utterance) -> Utterance | None:
        """What of an utterance is told in this span."""
        words = [
            word
            for word in one.words
            if (not self.before or self._is_new(word)) and (not self.after or word.to_sample <= self.to_sample)
        ]
        if not words:
            return None
        ends = min(words[-1].to_sample, self.to_sample)
        return Utterance(from_sample=words[0].from_sample, to_sample=ends, words=tuple(words))

    def _is_new(self, word: Word) -> bool:
        """Not told by the segment before; heard twice, a word does not end at quite the same sample."""
        if self.told_to is None:
            return word.to_sample > self.from_sample
        return word.from_sample + word.to_sample > 2 * self.told_to


async def heard_again(recogniser: Recogniser, model: str, span: Span) -> Words:
    """The words of a span. Raises DeviceOffline, WishRejected (the recogniser was started anew meanwhile)."""
    name = f"again {next(_NUMBERS)}"
    begins, sound = span.sound
    heard: list[Utterance] = []
    await recogniser.begin(name, span.rate)
    for at in range(0, len(sound), _PIECE):
        heard += (await recogniser.hear(name, sound[at : at + _PIECE])).finished
    heard += (await recogniser.end(name)).finished
    own = [span.own(moved(one, begins)) for one in heard]
    return Words(
        seat=span.seat,
        from_sample=span.from_sample,
        to_sample=span.to_sample,
        rate=span.rate,
        model=model,
        again=True,
        utterances=tuple(one for one in own if one is not None),
    )
