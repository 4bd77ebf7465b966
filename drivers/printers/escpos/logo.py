"""A picture as raster bands for the printer, made by python-escpos. Import it late, as the layout."""

from pathlib import Path

from PIL import Image

from drivers.printers.escpos.layout import DOTS, made

_HIGHEST = 400
_BAND = 240
"""Rows of dots sent as one command: it stays below `wire.LONGEST` on the widest roll."""


def raster(file: Path, paper_mm: int) -> bytes:
    """The bytes that print it in the middle, smaller if it is too wide. Raises OSError, SyntaxError: no picture."""
    with Image.open(file, formats=("PNG",)) as image:
        picture = Image.new("L", image.size, 255)
        shown = image.convert("RGBA")
        picture.paste(shown.convert("L"), mask=shown.getchannel("A"))  # what is transparent is paper
    picture.thumbnail((DOTS[paper_mm], _HIGHEST))
    return made(
        lambda paper: (paper.hw("INIT"), paper.set(align="center"), paper.image(picture, fragment_height=_BAND))
    )
