"""A label as TSPL lines, and back as rows for the emulator. Text goes out as GB18030."""

import re

from devices.printers import Label
from drivers.stock import CODE128, QR

MARGIN, ROW, BAR = 24, 36, 80
"""In dots: around, a row of text, a barcode."""
QUOTE = r'\["]'
_DRAWN = re.compile(rb'(TEXT|BARCODE|QRCODE) .*?,"((?:[^"]|\\\["\])*)"\r\n\Z', re.DOTALL)


def lay_out(label: Label, width_mm: int, height_mm: int, gap_mm: int, font: str) -> bytes:
    """The lines of one label, from clearing the last to PRINT."""
    out = [f"SIZE {width_mm} mm,{height_mm} mm", f"GAP {gap_mm} mm,0", "DIRECTION 1", "CLS"]
    y = MARGIN
    for row in label.rows:
        out.append(f'TEXT {MARGIN},{y},"{font}",0,1,1,"{_quoted(row)}"')
        y += ROW
    if label.barcode is not None:
        out.append(f'BARCODE {MARGIN},{y},"128",{BAR},1,0,2,2,"{_quoted(label.barcode)}"')
        y += BAR + ROW
    if label.qr is not None:
        out.append(f'QRCODE {MARGIN},{y},M,5,A,0,"{_quoted(label.qr)}"')
    return "".join(f"{line}\r\n" for line in [*out, "PRINT 1"]).encode("gb18030", errors="replace")


def row_of(line: bytes) -> str | None:
    """What a line draws on the label, None if nothing."""
    found = _DRAWN.match(line)
    if found is None:
        return None
    text = found[2].rpartition(b',"')[2].decode("gb18030", errors="replace").replace(QUOTE, '"')
    return {b"TEXT": "", b"BARCODE": CODE128, b"QRCODE": QR}[found[1]] + text


def _quoted(text: str) -> str:
    """A quote as the language wants it; control characters would end the line."""
    return "".join(c if c >= " " and c != "\x7f" else " " for c in text).replace('"', QUOTE)
