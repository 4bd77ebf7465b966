"""A receipt as bytes for the printer, made by python-escpos. Import it late: it costs tens of megabytes.

Chinese goes out by hand: the library sends it without switching the printer's Chinese mode on (3.1), and never for
punctuation alone.
"""

import contextlib
import io
from collections.abc import Callable

from escpos.printer import Dummy

from devices.printers import Receipt, ReceiptRow

CHINESE_ON, CHINESE_OFF = b"\x1c&", b"\x1c."
CHINESE_DOUBLE, CHINESE_SINGLE = b"\x1cW\x01", b"\x1cW\x00"
MISSING = "〓"
"""Stands where a character cannot be printed: the geta mark, in every Chinese font."""
DOTS = {58: 384, 80: 576}
"""Dots across a roll of so many millimetres."""
MODULE, FRAME_MODULES, CHARACTER_MODULES = 2, 55, 11
"""CODE128: thinnest bar in dots; start, check, stop and margins; one character."""


def lay_out(receipt: Receipt, paper_mm: int, four_byte: bool) -> tuple[bytes, int]:
    """The bytes of a receipt, and how many characters had to be replaced.

    `four_byte`: the printer has the rare characters of GB18030.
    """
    out, replaced = [made(lambda paper: paper.hw("INIT"))], 0
    for row in receipt.rows:
        text, missing = _printable(row.text, four_byte)
        out += [_style(row), CHINESE_ON, text.encode("gb18030"), CHINESE_OFF, b"\n"]
        replaced += missing
    out.append(_style(ReceiptRow(text="", centre=True)))
    if receipt.barcode is not None:
        out.append(_barcode(receipt.barcode, DOTS[paper_mm]))
    if receipt.qr is not None:
        out.append(_qr(receipt.qr))
    out.append(made(lambda paper: paper.cut()))
    return b"".join(out), replaced


def made(draw: Callable[[Dummy], object]) -> bytes:
    """What the library sends for that."""
    paper = Dummy()
    # The library prints which renderer it uses.
    with contextlib.redirect_stdout(io.StringIO()):
        draw(paper)
    return bytes(paper.output)


def _style(row: ReceiptRow) -> bytes:
    style = made(
        lambda paper: paper.set(
            align="center" if row.centre else "left",
            bold=row.bold,
            normal_textsize=not row.large,
            double_width=row.large,
            double_height=row.large,
        )
    )
    return style + (CHINESE_DOUBLE if row.large else CHINESE_SINGLE)


def _printable(text: str, four_byte: bool) -> tuple[str, int]:
    """The text with what the printer lacks replaced, and how many characters that were."""
    shown = "".join(character if _has(character, four_byte) else MISSING for character in text)
    return shown, sum(new != old for new, old in zip(shown, text, strict=True))


def _has(character: str, four_byte: bool) -> bool:
    if character < " " or "\x7f" <= character < "\xa0":
        return False
    try:
        size = len(character.encode("gb18030"))
    except UnicodeEncodeError:
        return False
    return size <= 2 or four_byte


def _barcode(code: str, dots: int) -> bytes:
    """CODE128 set B; a printer prints nothing of one that is too wide, so that one goes out as a QR code."""
    if (FRAME_MODULES + CHARACTER_MODULES * len(code)) * MODULE > dots:
        return _qr(code)
    data = "{B" + code.replace("{", "{{")
    return made(lambda paper: paper.barcode(data, "CODE128", height=80, width=MODULE, function_type="B"))


def _qr(text: str) -> bytes:
    size = 6 if len(text) <= 100 else 4 if len(text) <= 300 else 3
    return made(lambda paper: paper.qr(text, native=True, model=2, size=size)) + b"\n"
