"""Samples that never came, found by counting what did against the steady clock. No I/O.

A late chunk is no lost one: what a busy machine holds up comes a moment later. So it is the least lag of a whole
window that counts, and it must stand out twice in a row. A crystal that runs off by 200 ppm moves it by less than
half a millisecond from one window to the next.
"""

WINDOW_S = 2.0
LEAST_S = 0.03
"""Less than this is told by drift, not as a loss."""


class Arrivals:
    """Counts one source's samples."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._began: float | None = None
        self._window_ends = 0.0
        self._least: float | None = None
        self._usual: float | None = None
        self._suspected = False

    def lost(self, count: int, mono: float) -> int:
        """How many are now known to be lost, `count` having come or been declared lost by second `mono`."""
        if self._began is None:
            self._began, self._window_ends = mono, mono + WINDOW_S
        lag = (mono - self._began) * self._rate - count
        self._least = lag if self._least is None else min(lag, self._least)
        if mono < self._window_ends:
            return 0
        least, self._least, self._window_ends = self._least, None, mono + WINDOW_S
        return self._judge(least)

    def _judge(self, least: float) -> int:
        if self._usual is None or least - self._usual < LEAST_S * self._rate:
            self._usual, self._suspected = least, False
            return 0
        if not self._suspected:
            self._suspected = True
            return 0
        self._suspected = False
        return round(least - self._usual)
