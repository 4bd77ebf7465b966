"""A font whose signs take room and show nothing: the text of a page lies in it over the page's picture."""

from functools import cache
from io import BytesIO

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph

NAME = "Mute"
UNITS = 1000
WIDTH = 500
_SIGNS = [".notdef", "mute"]


@cache
def mute_font() -> bytes:
    """TrueType with one empty sign, number 1, half as wide as it is high; the same bytes each time."""
    builder = FontBuilder(UNITS, isTTF=True)
    builder.font.recalcTimestamp = False
    builder.setupGlyphOrder(_SIGNS)
    builder.setupCharacterMap({ord(" "): _SIGNS[1]})
    builder.setupGlyf(dict.fromkeys(_SIGNS, Glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(_SIGNS, (WIDTH, 0)))
    builder.setupHorizontalHeader(ascent=UNITS, descent=-1)
    builder.setupNameTable({"familyName": NAME, "styleName": "Regular", "psName": NAME})
    builder.setupOS2()
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0
    made = BytesIO()
    builder.save(made)
    return made.getvalue()
