"""Paper as a court has it: pages drawn from real text in a Chinese typeface, and what scanning does to them."""

import io
from collections.abc import Sequence

import zxingcpp
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_FONT = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"
_SIMPLIFIED = 2
A4_MM = (210, 297)
SLIP_MM = (148, 105)
"""Half a sheet: read in a third of the time."""


def drawn(text: str, dpi: int = 150, size_mm: tuple[int, int] = A4_MM) -> Image.Image:
    """A grey page; the first line is its title, larger and in the middle; lines are broken where the page ends."""
    width, height = (round(side / 25.4 * dpi) for side in size_mm)
    page = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(page)
    title, body = _font(dpi * 22 // 72), _font(dpi * 14 // 72)
    head, *rest = text.split("\n")
    margin, down = width // 9, height // 12
    pen.text((width / 2, down), head, 0, title, anchor="ma")
    down += title.size * 2
    for line in rest:
        for piece in _broken(line, body, width - 2 * margin):
            pen.text((margin, down), piece, 0, body)
            down += body.size * 17 // 10
    return page


def separator(code: str, dpi: int = 150) -> Image.Image:
    """A separator sheet: a large QR code and its meaning."""
    page = drawn("分隔页\n" + code, dpi)
    return _with_code(page, code, zxingcpp.BarcodeFormat.QRCode)


def labelled(page: Image.Image, barcode: str) -> Image.Image:
    """The page with a CODE128 label on it, as a printer would stick it there."""
    return _with_code(page, barcode, zxingcpp.BarcodeFormat.Code128)


def worn(page: Image.Image, degrees: float = 2.0) -> Image.Image:
    """As a poor scan shows it: askew, blurred, noisy, and squeezed by JPEG at quality 50."""
    page = page.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255).filter(ImageFilter.GaussianBlur(0.8))
    noise = Image.effect_noise(page.size, 18)
    page = Image.blend(page, noise, 0.12)
    kept = io.BytesIO()
    page.save(kept, "JPEG", quality=50)
    return Image.open(io.BytesIO(kept.getvalue()))


def jpeg(page: Image.Image, dpi: int = 150) -> bytes:
    """The page as a file."""
    kept = io.BytesIO()
    page.save(kept, "JPEG", quality=90, dpi=(dpi, dpi))
    return kept.getvalue()


def pdf(pages: Sequence[Image.Image], dpi: int = 150) -> bytes:
    """The pages as a PDF of images, as copiers make them."""
    kept = io.BytesIO()
    pages[0].save(kept, "PDF", save_all=True, append_images=list(pages[1:]), resolution=dpi)
    return kept.getvalue()


def errors(read: str, true: str) -> float:
    """Share of characters read wrong, left out or added (edit distance); blanks and width of signs not counted."""
    ours, theirs = _folded(read), _folded(true)
    row = list(range(len(theirs) + 1))
    for i, a in enumerate(ours, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(theirs, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1] / max(1, len(theirs))


def _folded(text: str) -> str:
    wide = str.maketrans("，。：；（）！？“”‘’、—", ",.:;()!?\"\"'',-")
    return "".join(text.translate(wide).split())


def _with_code(page: Image.Image, text: str, kind: zxingcpp.BarcodeFormat) -> Image.Image:
    made = zxingcpp.create_barcode(text, kind)
    image = Image.fromarray(zxingcpp.write_barcode_to_image(made, scale=max(2, page.width // 400)))
    page = page.copy()
    page.paste(image, ((page.width - image.width) // 2, page.height * 2 // 3))
    return page


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONT, size, index=_SIMPLIFIED)


def _broken(line: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    pieces = [""]
    for sign in line:
        if font.getlength(pieces[-1] + sign) > width:
            pieces.append("")
        pieces[-1] += sign
    return pieces
