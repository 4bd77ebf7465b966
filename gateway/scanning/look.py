"""How a page looks: empty, readable, and small. Import it late, in a thread: it costs megabytes and milliseconds.

What is measured is told in hundredths of an inch or as shares of the paper's brightness, so that it means the same at
every resolution.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from PIL import Image, ImageChops

from devices.scanning import Flaw
from gateway.scanning.envelope import Looks

LIMITS: Mapping[Flaw, float] = {"dark": 150, "cut": 5, "skewed": 3.0, "blurred": 0.2}
"""From where on a person is asked to look: brightness of the paper (below), pieces of writing that touch one edge,
degrees, and how much of black to white a stroke's edge climbs in 1/150 inch (below). Tried on pages that were drawn
and spoilt."""
_FINE = 1200
"""Pixels of the shorter side at which strokes are measured, about 150 dpi of a sheet of A4."""
_SMALL = 400
"""Pixels of the shorter side at which ink is looked for, at least."""
_THUMB = (220, 310)
_INK, _LEAST = 64, 0.0004
"""So much darker than the paper is ink; so large a share of it is writing and not dust."""
_EDGE = 0.03
"""The margin in which a feeder leaves shadows."""
_RIM = 0.006
"""The outermost strip, in which no writing ends."""
_SHADOW = 0.6
"""So large a share of an edge is a shadow and not writing."""
_ANGLES = (-8.0, -6.0, -4.5, -3.0, -1.5, 1.5, 3.0, 4.5, 6.0, 8.0)
_LEVELLER = 1.05
"""So much clearer rows of writing must stand out at an angle than as they are."""
_TINY = (200, 283)
"""On so few pixels skew is measured: what central straightens by itself need not be exact."""


def looked_at(image: bytes, resolution: int) -> Looks:
    """How a page scanned at so many dpi looks. Raises OSError for what is no image."""
    with Image.open(io.BytesIO(image)) as page:
        whole = min(page.size)
        page.draft("L", (page.width * _FINE // whole, page.height * _FINE // whole))
        fine = page.convert("L")
    small = fine.reduce(max(1, min(fine.size) // _SMALL))
    blank = _is_blank(small)
    flaws = _flaws(fine, small, resolution * min(fine.size) / whole, blank=blank)
    return Looks(blank, tuple(flaws), _thumb(small))


def _is_blank(small: Image.Image) -> bool:
    """Whether nothing but paper is seen; the edges are not looked at."""
    counts = _inner(small).histogram()
    paper = _paper(counts)
    return sum(counts[: max(paper - _INK, 0)]) < _LEAST * sum(counts)


def _flaws(fine: Image.Image, small: Image.Image, dpi: float, *, blank: bool) -> Iterator[Flaw]:
    paper = _paper(_inner(small).histogram())
    if paper < LIMITS["dark"]:
        yield "dark"
    if blank:
        return
    ink = small.point([255 if value < paper - _INK else 0 for value in range(256)])
    if max(_touching(ink)) >= LIMITS["cut"]:
        yield "cut"
    if abs(_skew(ink)) >= LIMITS["skewed"]:
        yield "skewed"
    if _sharpness(_with_writing(fine), paper) * dpi / 150 < LIMITS["blurred"]:
        yield "blurred"


def _with_writing(fine: Image.Image) -> Image.Image:
    """The middle of the page, which is quicker looked at; all of it if what is written stands elsewhere."""
    quarter = fine.height // 4
    middle = fine.crop((quarter // 4, quarter, fine.width - quarter // 4, 3 * quarter))
    return fine if _is_blank(middle) else middle


def _inner(image: Image.Image) -> Image.Image:
    across, down = round(image.width * _EDGE), round(image.height * _EDGE)
    return image.crop((across, down, image.width - across, image.height - down))


def _paper(counts: Sequence[int]) -> int:
    return max(range(256), key=counts.__getitem__)


def _touching(ink: Image.Image) -> Iterator[int]:
    """Pieces of writing that run over each of the four edges; one long dark piece is a shadow."""
    wide, high = ink.size
    rim = max(2, round(min(ink.size) * _RIM))
    for box in ((0, 0, rim, high), (wide - rim, 0, wide, high), (0, 0, wide, rim), (0, high - rim, wide, high)):
        strip = ink.crop(box)
        line = strip.resize((1, high) if strip.height > strip.width else (wide, 1), Image.Resampling.BOX)
        dark = [value > 127 for value in line.tobytes()]
        yield 0 if sum(dark) > _SHADOW * len(dark) else sum(not a and b for a, b in pairwise([False, *dark]))


def _skew(ink: Image.Image) -> float:
    """Degrees by which it would have to be turned for its rows to lie level; 0 where it has none."""
    ink = ink.copy()
    ink.thumbnail(_TINY, Image.Resampling.BOX)
    level = _rows(ink, 0)
    best = max((_rows(ink, angle), angle) for angle in _ANGLES)
    return best[1] if best[0] > _LEVELLER * level else 0.0


def _rows(ink: Image.Image, angle: float) -> float:
    """How sharply rows of ink and rows of paper alternate when turned so."""
    turned = ink.rotate(angle).resize((1, ink.height), Image.Resampling.BOX)
    return sum((a - b) ** 2 for a, b in pairwise(turned.tobytes()))


def _sharpness(fine: Image.Image, paper: int) -> float:
    """How much of the way from black to white the sharpest of its edges climb from one pixel to the next."""
    steps = ImageChops.difference(fine, ImageChops.offset(fine, 1, 0)).histogram()
    darkest = next(value for value, count in enumerate(fine.histogram()) if count)
    most, left = 255, round(sum(steps) * _LEAST)
    while most and left > 0:
        left -= steps[most]
        most -= 1
    return most / max(paper - darkest, 1)


def _thumb(small: Image.Image) -> bytes:
    small.thumbnail(_THUMB)
    kept = io.BytesIO()
    small.save(kept, "JPEG", quality=70)
    return kept.getvalue()
