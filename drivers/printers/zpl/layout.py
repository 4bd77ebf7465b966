"""A label as a ZPL format, and back as rows for the emulator. Text goes out as UTF-8 with `^FH` escapes."""

import re

from devices.printers import Label
from drivers.stock import CODE128, EPC, QR

MARGIN, ROW, BAR = 24, 40, 80
"""In dots: around, a row of text, a barcode."""
QR_MODULE = 5
_FIELD = re.compile(r"\^(A|BC|BQ|RFW)([^^]*)(?:\^FH)?\^FD(.*?)\^FS", re.DOTALL)


def lay_out(label: Label, width_mm: int, height_mm: int, dots_mm: int, font: str) -> bytes:
    """The format of one label. `font`: `0` for the printer's own, or a font file on it that has Chinese."""
    height = ROW - 8
    style = f"^A0N,{height},{height}" if font == "0" else f"^A@N,{height},{height},{font}"
    out, y = [f"^XA^CI28^PW{width_mm * dots_mm}^LL{height_mm * dots_mm}"], MARGIN
    if label.epc is not None:
        out.append(f"^RS8^RFW,H^FD{label.epc}^FS")
    for row in label.rows:
        out.append(f"^FO{MARGIN},{y}{style}^FH^FD{_escaped(row)}^FS")
        y += ROW
    if label.barcode is not None:
        out.append(f"^FO{MARGIN},{y}^BCN,{BAR},N,N^FH^FD{_escaped(label.barcode.replace('>', '>0'))}^FS")
        y += BAR + MARGIN
    if label.qr is not None:
        out.append(f"^FO{MARGIN},{y}^BQN,2,{QR_MODULE}^FH^FDQA,{_escaped(label.qr)}^FS")
    return "".join([*out, "^XZ"]).encode("utf-8", errors="replace")


def rows_of(zpl: bytes) -> list[str]:
    """What a printer puts on the label: rows of text, barcode, QR code, tag."""
    rows, epc = [], []
    for kind, _, data in _FIELD.findall(zpl.decode("utf-8", errors="replace")):
        text = _plain(data)
        if kind == "A":
            rows.append(text)
        elif kind == "BC":
            rows.append(CODE128 + text.replace(">0", ">"))
        elif kind == "BQ":
            rows.append(QR + text.removeprefix("QA,"))
        else:
            epc.append(EPC + text)
    return rows + epc


def _escaped(text: str) -> str:
    """Control characters, and what begins a command, as `_` and two hex digits."""
    return "".join(f"_{ord(c):02X}" if c in "^~_" or c < " " or c == "\x7f" else c for c in text)


def _plain(text: str) -> str:
    return re.sub("_([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)
