"""What is done to a page's image: straightened, looked at for codes and emptiness, made small. For workers only.

Nothing here alters what came: each result is another image.
"""

import io
from collections.abc import Sequence

import numpy as np
import zxingcpp
from PIL import Image

_LOOK = 700
"""Pixels of the longer side on which skew is measured."""
_MOST_SKEW = 8.0
_LEAST_SKEW = 0.25
_INK = 0.0004
"""A page with less of it dark is blank."""
_THUMB = (220, 310)
_QUALITY = 82
_FORMATS = (zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code128)


def skew_of(image: Image.Image) -> float:
    """Degrees by which it must be turned for its lines to lie level; 0 where it is level or has no lines."""
    small = image.convert("L")
    small.thumbnail((_LOOK, _LOOK), Image.Resampling.BILINEAR, reducing_gap=2.0)
    grey = np.asarray(small)
    ink = Image.fromarray(((grey < grey.mean() - 40) * 255).astype(np.uint8))
    best = max(np.arange(-_MOST_SKEW, _MOST_SKEW + 0.1, 1.0), key=lambda angle: _level(ink, angle))
    for step in (0.5, 0.2, 0.1):
        best = max((best - step, best, best + step), key=lambda angle: _level(ink, angle))
    return round(float(best), 2) if abs(best) >= _LEAST_SKEW and _level(ink, best) > 1.05 * _level(ink, 0) else 0.0


def straightened(image: Image.Image, degrees: float) -> Image.Image:
    """Turned by so much, the corners white."""
    if not degrees:
        return image
    white = 255 if image.mode == "L" else (255, 255, 255)
    return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=white)


def is_blank(image: Image.Image) -> bool:
    """True if there is next to nothing on it; its edges, where scanners leave shadows, are not counted."""
    grey = np.asarray(image.convert("L").reduce(2))
    rim = max(1, min(grey.shape) // 25)
    inner = grey[rim:-rim, rim:-rim]
    return bool((inner < min(160, float(inner.mean()) - 40)).mean() < _INK)


def codes_on(image: Image.Image) -> Sequence[str]:
    """What the QR codes and CODE128 barcodes on it say, in no order that matters."""
    found = zxingcpp.read_barcodes(
        image.convert("L"), formats=_FORMATS, try_invert=False
    )  # nobody prints white on black
    return sorted({code.text for code in found if code.text})


def jpeg(image: Image.Image, dpi: int) -> bytes:
    """As it is shown and bound."""
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=_QUALITY, dpi=(dpi, dpi))
    return kept.getvalue()


def thumb(image: Image.Image) -> bytes:
    """Small, for lists."""
    small = image.convert("L") if image.mode == "L" else image.convert("RGB")
    small.thumbnail(_THUMB, Image.Resampling.BILINEAR, reducing_gap=2.0)
    kept = io.BytesIO()
    small.save(kept, "JPEG", quality=75)
    return kept.getvalue()


def _level(ink: Image.Image, angle: float) -> float:
    """How sharply rows of ink and rows of paper alternate when turned so."""
    rows = np.asarray(ink.rotate(angle, Image.Resampling.NEAREST)).sum(axis=1, dtype=np.float64)
    return float(np.square(np.diff(rows)).sum())
