"""One volume bound as a searchable PDF/A-2: images, an invisible text under them, bookmarks, page labels.

Only a worker imports it. The same catalogue gives the same bytes. The text lies in a font that shows nothing: each
sign is half as wide as high and is stretched to its line's box, so that Chinese comes out again without blanks.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, Stream
from PIL import ImageCms

from central.dossiers import mute_font
from central.dossiers.layout import Line

_MADE_AT = slice(24, 36)
"""Where an ICC profile says when it was made (ICC.1, 7.2)."""
_NONE: int | None = -1
_SIGN = mute_font.WIDTH / mute_font.UNITS
"""Width of a sign in the font, by its height."""
_CMAP = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identify-UCS def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 beginbfrange <0000> <FFFF> <0000> endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end"""


@dataclass(frozen=True)
class Sheet:
    """One page to bind."""

    jpeg: bytes
    width: int
    height: int
    dpi: int
    lines: Sequence[Line]


@dataclass(frozen=True)
class Part:
    """One document to bind: its item's number and name, its title, and how many pages it has."""

    item: int | None
    name: str
    title: str
    pages: int


def bind(title: str, parts: Sequence[Part], sheets: Iterator[Sheet], to: Path) -> None:
    """Writes the PDF of these parts; `sheets` gives the pages of all of them, in order. Raises OSError."""
    with Pdf.new() as pdf:
        font = _font(pdf)
        for sheet in sheets:
            _add(pdf, font, sheet)
        _bookmarks(pdf, parts)
        _labels(pdf, parts)
        _as_archive(pdf, title)
        pdf.save(to, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _add(pdf: Pdf, font: pikepdf.Object, sheet: Sheet) -> None:
    scale = 72 / sheet.dpi
    width, height = round(sheet.width * scale, 2), round(sheet.height * scale, 2)
    image = Stream(pdf, sheet.jpeg)
    image.stream_dict = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=sheet.width, Height=sheet.height, BitsPerComponent=8,
        ColorSpace=Name.DeviceGray if _is_grey(sheet.jpeg) else Name.DeviceRGB, Filter=Name.DCTDecode,
    )  # fmt: skip
    drawn = f"q {width} 0 0 {height} 0 0 cm /Im Do Q\n".encode()
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, width, height]),
        Resources=Dictionary(XObject=Dictionary(Im=pdf.make_indirect(image)), Font=Dictionary(F=font)),
        Contents=pdf.make_stream(drawn + _text(sheet, scale, height)),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))


def _text(sheet: Sheet, scale: float, height: float) -> bytes:
    said = [b"BT 3 Tr"]
    for line in sheet.lines:
        signs = line.text.encode("utf-16-be", "ignore")
        count, size = len(signs) // 2, max(1.0, line.height * scale)
        if not count:
            continue
        stretch = 100 * line.width * scale / (count * _SIGN * size)
        down = height - (line.top + line.height * 0.85) * scale
        where = f"/F {size:.2f} Tf {stretch:.2f} Tz 1 0 0 1 {line.left * scale:.2f} {down:.2f} Tm"
        said.append(f"{where} <{signs.hex()}> Tj".encode())
    return b"\n".join([*said, b"ET"]) if len(said) > 1 else b""


def _font(pdf: Pdf) -> pikepdf.Object:
    font, name = mute_font.mute_font(), Name(f"/{mute_font.NAME}")
    file = pdf.make_stream(font)
    file.Length1 = len(font)
    descriptor = Dictionary(
        Type=Name.FontDescriptor, FontName=name, Flags=5, ItalicAngle=0, Ascent=1000, Descent=-1,
        CapHeight=1000, StemV=80, FontBBox=Array([0, 0, 500, 1000]), FontFile2=file,
    )  # fmt: skip
    to_glyph = Stream(pdf, zlib.compress(b"\x00\x01" * 65536))
    to_glyph.stream_dict = Dictionary(Filter=Name.FlateDecode)
    below = Dictionary(
        Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=name, DW=mute_font.WIDTH,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        CIDToGIDMap=pdf.make_indirect(to_glyph), FontDescriptor=pdf.make_indirect(descriptor),
    )  # fmt: skip
    above = Dictionary(
        Type=Name.Font, Subtype=Name.Type0, BaseFont=name, Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(below)]), ToUnicode=pdf.make_stream(_CMAP),
    )  # fmt: skip
    return pdf.make_indirect(above)


def _bookmarks(pdf: Pdf, parts: Sequence[Part]) -> None:
    with pdf.open_outline() as outline:
        page, item = 0, _NONE
        for part in parts:
            if part.item != item:
                outline.root.append(OutlineItem(part.name, page))
                item = part.item
            outline.root[-1].children.append(OutlineItem(part.title or part.name, page))
            page += part.pages


def _labels(pdf: Pdf, parts: Sequence[Part]) -> None:
    """Pages are counted anew in each item, and say which: 19-1, 19-2."""
    numbers, page, item = Array([]), 0, _NONE
    for part in parts:
        if part.item != item and part.pages:
            numbers.append(page)
            numbers.append(Dictionary(S=Name.D, P=f"{part.item or 0}-"))
            item = part.item
        page += part.pages
    if page:
        pdf.Root.PageLabels = Dictionary(Nums=numbers)


def _as_archive(pdf: Pdf, title: str) -> None:
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[_MADE_AT] = bytes(_MADE_AT.stop - _MADE_AT.start)
    profile = pdf.make_stream(bytes(made))
    profile.N = 3
    intent = Dictionary(Type=Name.OutputIntent, S=Name.GTS_PDFA1, OutputConditionIdentifier="sRGB",
                        Info="sRGB", DestOutputProfile=profile)  # fmt: skip
    pdf.Root.OutputIntents = Array([pdf.make_indirect(intent)])
    pdf.Root.Lang = "zh-CN"
    pdf.docinfo["/Title"] = title
    with pdf.open_metadata(set_pikepdf_as_editor=False) as told:
        told["dc:title"] = title
        told["pdfaid:part"], told["pdfaid:conformance"] = "2", "B"


def _is_grey(jpeg: bytes) -> bool:
    """By the number of components in the JPEG's frame header."""
    at = 2
    while at + 9 < len(jpeg):
        mark, size = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            return jpeg[at + 9] == 1
        at += 2 + size
    return False
