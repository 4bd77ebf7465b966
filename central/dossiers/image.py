"""What is done to a page's image: straightened, looked at for codes and emptiness, made small. For workers only.

Nothing here alters what came: each result is another image.
"""

import io
from collections.abc import Sequence
from functools import cache
from math import ceil
from pathlib import Path

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

_LOOK = 700
"""Pixels of the longer side on which skew is measured."""
_MOST_SKEW = 8.0
_LEAST_SKEW = 0.25
_INK = 0.0004
"""A page with less of it dark is blank."""
_THUMB = (220, 310)
_GAP = 1.0
"""Most of the way to a smaller image is gone by averaging whole pixels: at 2, the usual, it takes twice the time."""
_QUALITY = 82
_FORMATS = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code128)


def small(image: Image.Image) -> Image.Image:
    """Half as large, where that shows its lines, its emptiness and its thumb no less."""
    return image.reduce(2) if max(image.size) >= 2 * _LOOK else image


def skew_of(image: Image.Image) -> float:
    """Degrees by which it must be turned for its lines to lie level; 0 where it is level or has no lines."""
    look = image.convert("L")
    look.thumbnail((_LOOK, _LOOK), Image.Resampling.BILINEAR, reducing_gap=_GAP)
    grey = np.asarray(look)
    level = _Level(grey < grey.mean() - 40)
    best = max(np.arange(-_MOST_SKEW, _MOST_SKEW + 0.1, 1.0), key=level.at)
    for step in (0.5, 0.2, 0.1):
        best = max((best - step, best, best + step), key=level.at)
    return round(float(best), 2) if abs(best) >= _LEAST_SKEW and level.at(best) > 1.05 * level.at(0) else 0.0


def straightened(image: Image.Image, degrees: float) -> Image.Image:
    """Turned by so much, the corners white."""
    if not degrees:
        return image
    white = 255 if image.mode == "L" else (255, 255, 255)
    return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=white)


def turned(image: Image.Image, degrees: int) -> Image.Image:
    """Turned clockwise by whole quarters, every pixel kept; loaded, so that its file may go."""
    quarters = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
    image.load()
    return image.transpose(quarters[degrees]) if degrees else image


def is_blank(image: Image.Image) -> bool:
    """True if there is next to nothing on it; its edges, where scanners leave shadows, are not counted."""
    rim = max(1, min(image.size) // 25)
    counted = image.convert("L").crop((rim, rim, image.width - rim, image.height - rim)).histogram()
    pixels = sum(counted)
    mean = sum(grey * count for grey, count in enumerate(counted)) / pixels
    return sum(counted[: max(0, ceil(min(160, mean - 40)))]) / pixels < _INK


def is_pgm(image: Image.Image) -> bool:
    """True if its file ends with just its grey pixels, so that they need not be copied out of it."""
    return image.format == "PPM" and image.mode == "L" and bool(getattr(image, "filename", ""))


def codes_on(image: Image.Image) -> Sequence[str]:
    """What the QR codes and CODE128 barcodes on it say, in no order that matters."""
    pixels = _mapped(image) if is_pgm(image) else np.asarray(image.convert("L"))
    found = zxingcpp.read_barcodes(pixels, formats=_FORMATS, try_invert=False)  # nobody prints white on black
    return sorted({code.text for code in found if code.text})


def jpeg(image: Image.Image, dpi: int) -> bytes:
    """As it is shown and bound."""
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=_QUALITY, dpi=(dpi, dpi))
    return kept.getvalue()


def thumb(image: Image.Image) -> bytes:
    """Small, for lists."""
    shown = image.convert("L") if image.mode == "L" else image.convert("RGB")
    shown.thumbnail(_THUMB, Image.Resampling.BILINEAR, reducing_gap=_GAP)
    kept = io.BytesIO()
    shown.save(kept, "JPEG", quality=75)
    return kept.getvalue()


def _mapped(image: Image.Image) -> NDArray[np.uint8]:
    path = Path(image.filename)  # type: ignore[attr-defined]  # of images that were opened
    return np.memmap(path, np.uint8, "r", path.stat().st_size - image.width * image.height, (image.height, image.width))


class _Level:
    """How sharply rows of ink and rows of paper alternate when turned; for that, only its ink need be turned."""

    def __init__(self, ink: NDArray[np.bool_]) -> None:
        down, across = np.nonzero(ink)
        self._rows = ink.shape[0]
        self._down, self._across = down + 0.5 - self._rows / 2, across + 0.5 - ink.shape[1] / 2
        self.at = cache(self._at)

    def _at(self, degrees: float) -> float:
        angle = np.radians(degrees)
        turned = self._down * np.cos(angle) - self._across * np.sin(angle) + self._rows / 2
        shown = np.floor(turned[(turned >= 0) & (turned < self._rows)]).astype(np.intp)
        rows = np.bincount(shown, minlength=self._rows).astype(np.float64)
        return float(np.square(np.diff(rows)).sum())
