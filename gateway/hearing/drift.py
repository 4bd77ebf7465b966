"""How fast a device's samples come by the steady clock: a line through the quickest arrival of each while. Pure."""

WINDOW_S = 5.0
LEAST_S = 60.0


class Drift:
    """Least squares over windows: x is seconds, y is how many samples are there beyond the nominal rate."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._began: float | None = None
        self._window_ends = 0.0
        self._best: tuple[float, float] | None = None
        self._points: list[tuple[float, float]] = []

    def arrived(self, count: int, mono: float) -> None:
        """So many samples had come by second `mono`."""
        if self._began is None:
            self._began, self._window_ends = mono, mono + WINDOW_S
        seconds = mono - self._began
        ahead = count - seconds * self._rate
        if self._best is None or ahead > self._best[1]:
            self._best = (seconds, ahead)
        if mono >= self._window_ends:
            self._points.append(self._best)
            self._best, self._window_ends = None, mono + WINDOW_S

    @property
    def seconds(self) -> float:
        """Over how long it was measured."""
        return self._points[-1][0] - self._points[0][0] if len(self._points) > 1 else 0.0

    @property
    def ppm(self) -> float | None:
        """Parts per million above the nominal rate, None while too little was heard."""
        if self.seconds < LEAST_S:
            return None
        n = len(self._points)
        mean_x = sum(x for x, _ in self._points) / n
        mean_y = sum(y for _, y in self._points) / n
        over = sum((x - mean_x) * (y - mean_y) for x, y in self._points)
        return round(over / sum((x - mean_x) ** 2 for x, _ in self._points) / self._rate * 1e6, 1)
