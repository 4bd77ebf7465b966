"""Opens what was brought in: `python -m central.dossiers.opening`, where each request gets a process of its own.

It is asked by lines of JSON on standard input, and answers each with a line:

    {"what": "look", "file": F}                       what it is and how many pages it has, or why it is refused
    {"what": "page", "file": F, "number": 1, "out": O} the image of one page into O, and its own text, if a PDF has some
    {"what": "unpack", "file": F, "out": FOLDER}      the files of a ZIP, numbered

A file that kills its process, or keeps it busy too long, kills and keeps nobody else. What opens files is loaded
once, by a process that opens none and only makes the others.
"""

import gc
import json
import os
import resource
import sys
import zipfile
from pathlib import Path
from typing import Any, NoReturn

from central.dossiers.bounds import LARGEST_FILE

MEMORY = 2 * 1024**3
SECONDS = 100
MOST_PAGES = 5000
MOST_PIXELS = 90_000_000
"""A sheet of A3 at 600 dpi has 70 million."""
MOST_MEMBERS = 300
MOST_UNPACKED = 500 * 1024**2
MOST_RATIO = 200
"""How many times larger than packed a large file may be; text has 10, a bomb 1,000."""
SMALL = 64 * 1024**2
"""Bytes up to which nobody asks for the ratio: white paper packs well."""
DPI = 300
_LONGEST_MM = 1200.0
_TAIL = 2048
"""Bytes at the end of a PDF among which its mark of the end stands."""
_LEAST_TEXT = 12
"""Characters from which on a PDF's own text is believed to be its page's."""
_DOCX = "word/document.xml"
_OTHER_OFFICE = ("xl/workbook.xml", "ppt/presentation.xml", "word/vbaProject.bin")
"""Files in a ZIP that tell spreadsheets, slides and documents with macros."""
_SCRIPTS = ("/JavaScript", "/Launch", "/ImportData", "/SubmitForm")


class NotTaken(Exception):
    """The file is refused; the code says why, see `refusals`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def main() -> None:
    """Have requests answered until there are no more; ends with the first process that dies over one."""
    limit()
    _load()
    for asked in sys.stdin:
        child = os.fork()
        if not child:
            _serve(asked)
        if os.waitpid(child, 0)[1]:
            return


def _load() -> None:
    """So that none of the processes has to."""
    import pikepdf  # noqa: F401
    import pypdfium2  # noqa: F401
    from PIL import Image, ImageOps  # noqa: F401

    Image.init()
    gc.freeze()  # else each would go through all of it when it collects, and so copy it


def _serve(asked: str) -> NoReturn:
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, resource.RLIM_INFINITY))
        try:
            said = _answer(**json.loads(asked))
        except NotTaken as refused:
            said = {"refused": refused.code, "params": refused.params}
        except MemoryError:
            said = {"refused": "too_hungry", "params": {}}
        print(json.dumps(said, ensure_ascii=True), flush=True)  # noqa: T201  (it is read by who asked)
        os._exit(0)
    finally:
        os._exit(1)


def limit() -> None:
    """From now on this process may use only so much memory and disk."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(what: str, file: str, out: str = "", number: int = 1) -> dict[str, Any]:
    if what == "look":
        return look(Path(file))
    if what == "page":
        return page(Path(file), number, Path(out))
    return unpack(Path(file), Path(out))


def look(path: Path) -> dict[str, Any]:
    """`kind` and `pages` of a file, by what is in it and not by its name. Raises NotTaken."""
    head = _head(path)
    if not head:
        raise NotTaken("empty")
    if head.startswith(b"PK"):
        names = {member.filename for member in _members(path)}
        return {"kind": "docx" if _DOCX in names else "zip", "pages": 0, "members": len(names)}
    if _is_pdf(head):
        return {"kind": "pdf", "pages": _look_at_pdf(path)}
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise NotTaken("office")
    return {"kind": "image", "pages": _look_at_image(path)}


def page(path: Path, number: int, out: Path) -> dict[str, Any]:
    """Writes the page's image; gives its `dpi` and the PDF's own `lines`, empty where it has none. Raises NotTaken."""
    return _pdf_page(path, number, out) if _is_pdf(_head(path)) else _image_page(path, number, out)


def unpack(path: Path, folder: Path) -> dict[str, Any]:
    """Writes each file of a ZIP as its number; gives their `names`. Sizes are counted, not believed. NotTaken."""
    names, left = [], MOST_UNPACKED
    with zipfile.ZipFile(path) as packed:
        for number, member in enumerate(_members(path)):
            target = folder / str(number)
            left -= _unpack_one(packed, member, target, left)
            names.append(_name_of(member))
    return {"names": names}


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1024)


def _is_pdf(head: bytes) -> bool:
    return b"%PDF-" in head


def _look_at_pdf(path: Path) -> int:
    import pikepdf

    if b"%%EOF" not in path.read_bytes()[-_TAIL:]:
        raise NotTaken("damaged")  # cut short: what is missing would be mended away in silence
    try:
        with pikepdf.open(path) as pdf:
            for thing in pdf.objects:
                _no_script(thing)
            pages = len(pdf.pages)
    except pikepdf.PasswordError as error:
        raise NotTaken("encrypted") from error
    except (pikepdf.PdfError, RuntimeError, ValueError) as error:
        raise NotTaken("damaged") from error
    return _counted(pages)


def _no_script(thing: Any) -> None:
    import pikepdf

    if not isinstance(thing, pikepdf.Dictionary | pikepdf.Stream):
        return
    if "/JS" in thing or str(thing.get("/S", "")) in _SCRIPTS:
        raise NotTaken("script")
    for value in thing.values():  # actions that stand inside another object
        if isinstance(value, pikepdf.Dictionary) and not value.is_indirect:
            _no_script(value)


def _counted(pages: int) -> int:
    if pages < 1:
        raise NotTaken("damaged")
    if pages > MOST_PAGES:
        raise NotTaken("too_many_pages", n=pages, most=MOST_PAGES)
    return pages


def _look_at_image(path: Path) -> int:
    image = _opened(path)
    frames = _counted(getattr(image, "n_frames", 1))
    try:
        image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise NotTaken("damaged") from error
    return frames


def _opened(path: Path) -> Any:
    """The image, its size looked at before a pixel is unpacked."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # our own limit stands below, and says so in words
    try:
        image = Image.open(path, formats=("JPEG", "PNG", "TIFF", "BMP", "WEBP", "JPEG2000"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise NotTaken("unknown") from error
    _small_enough(image.width, image.height)
    return image


def _small_enough(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise NotTaken("too_many_pixels", n=round(width * height / 1e6), most=MOST_PIXELS // 1_000_000)
    if min(width, height) < 32:
        raise NotTaken("too_small")


def _image_page(path: Path, number: int, out: Path) -> dict[str, Any]:
    from PIL import ImageOps

    image = _opened(path)
    try:
        image.seek(number - 1)
        _small_enough(image.width, image.height)
        image.load()
        dpi = round(float(image.info.get("dpi", (DPI, DPI))[0]))
        ImageOps.exif_transpose(image, in_place=True)
        _write(image, out)
    except (OSError, EOFError, SyntaxError, ValueError, ZeroDivisionError) as error:
        raise NotTaken("damaged") from error
    return {"dpi": dpi if 70 <= dpi <= 1200 else DPI, "lines": []}


def _pdf_page(path: Path, number: int, out: Path) -> dict[str, Any]:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path)
        sheet = pdf[number - 1]
        width, height = sheet.get_size()
        if max(width, height) / 72 * 25.4 > _LONGEST_MM:
            raise NotTaken(
                "too_many_pixels", n=round(width * height * (DPI / 72) ** 2 / 1e6), most=MOST_PIXELS // 10**6
            )
        _small_enough(round(width * DPI / 72), round(height * DPI / 72))
        _write(sheet.render(scale=DPI / 72).to_pil(), out)
        return {"dpi": DPI, "lines": _own_lines(sheet, height)}
    except pypdfium2.PdfiumError as error:
        raise NotTaken("damaged") from error


def _own_lines(sheet: Any, height: float) -> list[list[Any]]:
    """The text a PDF carries itself, in pixels of its image."""
    words = sheet.get_textpage()
    if words.count_chars() < _LEAST_TEXT:
        return []
    scale, lines = DPI / 72, []
    for index in range(words.count_rects()):
        left, bottom, right, top = words.get_rect(index)
        text = words.get_text_bounded(left, bottom, right, top).strip()
        if text and right > left and top > bottom:
            box = (left * scale, (height - top) * scale, (right - left) * scale, (top - bottom) * scale)
            lines.append([text, *map(round, box), 1.0])
    return lines


def _write(image: Any, out: Path) -> None:
    """Grey where it has no colour, so that it takes a third."""
    if image.mode != "L":
        image = image.convert("L" if image.mode == "1" else "RGB")
    if image.mode == "RGB":
        _, most = image.resize((200, 200), reducing_gap=3.0).convert("HSV").getchannel("S").getextrema()
        image = image if most > 40 else image.convert("L")
    out.unlink(missing_ok=True)  # a file that is written over goes to the disk at once
    image.save(out, "PPM")  # read once and thrown away: packing it would take longer than all else that is done to it


def _members(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as packed:
            members = [member for member in packed.infolist() if not member.is_dir() and not _is_dross(member)]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise NotTaken("damaged") from error
    if any(member.filename in _OTHER_OFFICE for member in members):
        raise NotTaken("office")
    if not members:
        raise NotTaken("empty")
    if len(members) > MOST_MEMBERS:
        raise NotTaken("too_many_files", n=len(members), most=MOST_MEMBERS)
    if any(member.flag_bits & 1 for member in members):
        raise NotTaken("encrypted")
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        raise NotTaken("bomb")
    return members


def _is_dross(member: zipfile.ZipInfo) -> bool:
    return "__MACOSX/" in member.filename or member.filename.endswith((".DS_Store", "Thumbs.db"))


def _unpack_one(packed: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int) -> int:
    most, size = min(left, max(member.compress_size * MOST_RATIO, SMALL)), 0
    try:
        with packed.open(member) as source, target.open("wb") as file:
            while piece := source.read(1024 * 1024):
                size += len(piece)
                if size > most:
                    raise NotTaken("bomb")
                file.write(piece)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        raise NotTaken("damaged") from error
    return size


def _name_of(member: zipfile.ZipInfo) -> str:
    """Its name without folders; a name not marked as UTF-8 is GBK, as Chinese Windows writes it."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            name = member.filename
    return name.replace("\\", "/").rpartition("/")[2] or member.filename


if __name__ == "__main__":
    main()
