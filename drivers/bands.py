"""Bands of a measured value: what wanders about a limit does not cross it again and again. No I/O."""

from dataclasses import dataclass

from devices.climate import Band


@dataclass(frozen=True)
class Limits:
    """From `least` to `most` is normal; `back` is how far within a limit a value must come to be normal again."""

    least: float
    most: float
    back: float

    def band(self, value: float, before: Band | None) -> Band:
        """The band of a value that was in that one before."""
        if before == "low" and value < self.least + self.back:
            return "low"
        if before == "high" and value > self.most - self.back:
            return "high"
        return "low" if value < self.least else "high" if value > self.most else "normal"
