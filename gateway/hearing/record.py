"""What is known of one seat's words in a hearing: what was said, what was missed, up to where both are sure. Pure.

A word is told once: live, or made again from the sound of its segment; never neither and never both.
"""

from devices.speech import Utterance, Words


class Record:
    """Samples are those of the hearing."""

    def __init__(self, seat: str, rate: int) -> None:
        self.model = ""
        """By whose words it was heard last."""
        self.heard_to = 0
        """All sound before it was given to a recogniser, or was missed."""
        self.settled_to = 0
        """No word that ended before it can still come."""
        self._seat = seat
        self._rate = rate
        self._utterances: list[Utterance] = []
        self._missed: list[tuple[int, int]] = []
        self._again_to = 0

    def tell(self, utterance: Utterance) -> None:
        """Somebody said that; words of a segment that is heard again from its sound are left to it."""
        self._keep([*self._utterances, utterance], self._again_to)
        self.settled_to = max(self.settled_to, utterance.to_sample)

    def miss(self, from_sample: int, to_sample: int) -> None:
        """Nobody listened to that sound: it is to be heard again from the disk."""
        self._missed.append((from_sample, to_sample))

    def lose(self, to_sample: int) -> None:
        """The recogniser is gone, and with it what was being said up to there."""
        self.miss(self.settled_to, to_sample)
        self.break_at(to_sample)

    def break_at(self, at: int) -> None:
        """Sound ends there for now: nothing more comes of before, and what was heard beyond is not recorded."""
        self.heard_to = self.settled_to = at
        self._keep(self._utterances, 0, at)

    def is_missed(self, from_sample: int, to_sample: int) -> bool:
        """Whether some of that sound was missed."""
        return any(start < to_sample and end > from_sample for start, end in self._missed)

    def words(self, from_sample: int, to_sample: int) -> Words | None:
        """What ended in that span or, told late, before it; None if some of its sound was missed."""
        if self.is_missed(from_sample, to_sample):
            return None
        return Words(
            seat=self._seat,
            from_sample=from_sample,
            to_sample=to_sample,
            rate=self._rate,
            model=self.model,
            utterances=tuple(one for one in self._utterances if one.to_sample <= to_sample),
        )

    def recorded(self, to_sample: int, words: Words | None) -> None:
        """The segment up to there is a line with these words; with None it is heard again from its sound."""
        if words is None:
            self._again_to = max(self._again_to, to_sample)
            self._keep(self._utterances, self._again_to)
        else:
            self._utterances = [one for one in self._utterances if one not in words.utterances]
        self._missed = [span for span in self._missed if span[1] > to_sample]

    def _keep(self, utterances: list[Utterance], after: int, before: int | None = None) -> None:
        kept = []
        for one in utterances:
            words = [w for w in one.words if w.to_sample > after and (before is None or w.from_sample < before)]
            if len(words) == len(one.words):
                kept.append(one)
            elif words:
                span = {"from_sample": words[0].from_sample, "to_sample": words[-1].to_sample}
                kept.append(one.model_copy(update={**span, "words": tuple(words)}))
        if before is not None:
            kept = [one.model_copy(update={"to_sample": min(one.to_sample, before)}) for one in kept]
        self._utterances = kept


def moved(one: Utterance, by: int) -> Utterance:
    """The utterance on an axis that begins so many samples earlier."""
    words = tuple(
        word.model_copy(update={"from_sample": word.from_sample + by, "to_sample": word.to_sample + by})
        for word in one.words
    )
    return Utterance(from_sample=one.from_sample + by, to_sample=one.to_sample + by, words=words)
