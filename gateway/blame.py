"""Which wish a fact answers. In custody the worst mistake is to put a forced door down to somebody innocent.

A wish is remembered from the moment before its first byte until the fact it wants, or until its patience ends;
after that nothing is put down to it. It answers for one fact, and for the return to what was before: the shutting of
the door it opened. A second opening is nobody's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from devices.messages import Fact, Wish


@dataclass
class _Asked:
    device: str
    jti: str
    wish: Wish
    until: float
    refused: bool = False


@dataclass(frozen=True)
class _Moved:
    jti: str
    before: str | None
    after: str


class Blame:
    """The wishes still open and what they moved; `mono` is the clock of their patience, in seconds."""

    def __init__(self, mono: Callable[[], float]) -> None:
        self._mono = mono
        self._asked: list[_Asked] = []
        self._moved: dict[tuple[str, str], _Moved] = {}

    def asked(self, device: str, jti: str, wish: Wish) -> None:
        """The device is asked from now on."""
        self._asked.append(_Asked(device, jti, wish, self._mono() + wish.patience_s))

    def refused(self, jti: str, *, reached: bool) -> None:
        """It was not done; if the device may have been `reached`, what moves in time is still put down to it."""
        if reached:
            for asked in self._asked:
                asked.refused = asked.refused or asked.jti == jti
        else:
            self._asked = [asked for asked in self._asked if asked.jti != jti]

    def forget(self, jti: str) -> Wish | None:
        """The patience is over: gives the wish if neither the world nor the device answered it."""
        over = [asked for asked in self._asked if asked.jti == jti]
        self._asked = [asked for asked in self._asked if asked.jti != jti]
        return next((asked.wish for asked in over if not asked.refused), None)

    def cause_of(self, device: str, fact: Fact, before: str | None) -> str | None:
        """The id of the wish behind this fact, None if nobody's; `before` is the value of the state it tells."""
        told = fact.state()
        cause = self._answered(device, fact)
        if told is None:
            return cause
        key = (device, told[0])
        if cause is not None:
            self._moved[key] = _Moved(cause, before, told[1])
            return cause
        moved = self._moved.get(key)
        if moved is None or told[1] not in (moved.before, moved.after):
            return None
        del self._moved[key]
        return moved.jti if told[1] == moved.before else None

    def behind(self, device: str, property_: str) -> str | None:
        """The wish that brought about the present value of a state."""
        moved = self._moved.get((device, property_))
        return moved.jti if moved else None

    def _answered(self, device: str, fact: Fact) -> str | None:
        now = self._mono()
        for asked in self._asked:
            if asked.device == device and now <= asked.until and asked.wish.answered_by(fact):
                self._asked.remove(asked)
                return asked.jti
        return None
