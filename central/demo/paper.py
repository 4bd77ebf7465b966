"""Draws the demo's dossier as a pile of sheets, separators between documents: `python -m central.demo.paper DIR`.

A program of its own: drawing takes libraries that central does not load.
"""

import sys
from pathlib import Path

import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from central.demo.papers import PAPERS
from central.dossiers.splitting import sheet_code

DPI = 200
_A4 = (1654, 2339)
_FONT = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"
_SIMPLIFIED = 2


def drawn(text: str) -> Image.Image:
    """A page of A4 in court style: the title large and in the middle, lines broken at the margin."""
    page = Image.new("L", _A4, 255)
    pen = ImageDraw.Draw(page)
    title, body = _font(22), _font(16)
    head, *rest = text.split("\n")
    margin, down = _A4[0] // 9, float(_A4[1] // 12)
    pen.text((_A4[0] / 2, down), head, 0, title, anchor="ma")
    down += title.size * 2
    for line in rest:
        for piece in _broken(line, body):
            pen.text((margin, down), piece, 0, body)
            down += body.size * 1.7
    return page


def separator() -> Image.Image:
    """A sheet that says nothing but: here another document begins."""
    page = Image.new("L", _A4, 255)
    code = zxingcpp.create_barcode(sheet_code(None), zxingcpp.BarcodeFormat.QRCode)
    image = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=16))
    page.paste(image, ((page.width - image.width) // 2, page.height // 3))
    return page


def main(folder: Path) -> int:
    """Write the pile, in order, as NNN.jpg."""
    folder.mkdir(parents=True, exist_ok=True)
    pile: list[Image.Image] = []
    for paper in PAPERS:
        pile += [*([separator()] if pile else []), drawn(paper.text)]
    for number, page in enumerate(pile, 1):
        page.save(folder / f"{number:03}.jpg", "JPEG", quality=92, dpi=(DPI, DPI))
    return 0


def _font(points: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONT, DPI * points // 72, index=_SIMPLIFIED)


def _broken(line: str, font: ImageFont.FreeTypeFont) -> list[str]:
    pieces, width = [""], _A4[0] - 2 * (_A4[0] // 9)
    for sign in line:
        if font.getlength(pieces[-1] + sign) > width:
            pieces.append("")
        pieces[-1] += sign
    return pieces


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
