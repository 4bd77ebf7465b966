"""How a page looks: whether it is empty. Import it late, in a thread: it costs megabytes and tens of milliseconds."""

import io

from PIL import Image

_SMALL = 8
_INK, _LEAST = 64, 0.0004
"""So much darker than the paper is ink; so large a share of it is writing and not dust."""
_EDGE = 0.03
"""The margin in which a feeder leaves shadows."""


def is_blank(image: bytes) -> bool:
    """Whether nothing but paper is seen; the edges are not looked at. Raises OSError for what is no image."""
    with Image.open(io.BytesIO(image)) as page:
        page.draft("L", (page.width // _SMALL, page.height // _SMALL))
        small = page.convert("L")
        small.thumbnail((400, 566))
    across, down = round(small.width * _EDGE), round(small.height * _EDGE)
    counts = small.crop((across, down, small.width - across, small.height - down)).histogram()
    paper = max(range(256), key=counts.__getitem__)
    return sum(counts[: max(paper - _INK, 0)]) < _LEAST * sum(counts)
