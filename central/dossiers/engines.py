"""The two engines that read a page: RapidOCR, and Tesseract with chi_sim. Only a worker imports them.

Measured on rendered pages (`tests/bench/reading.py`): RapidOCR makes several times fewer errors and takes several
times longer; so it is the default, and a court with little time and clean paper sets `ocr: tesseract`.
"""

import atexit
import csv
import io
import os
import tempfile
from collections.abc import Callable
from functools import cache
from typing import Any, Literal

from PIL import Image

from central.dossiers.asked import Asked, Ended, Silent
from central.dossiers.image import is_pgm
from central.dossiers.layout import Line

Engine = Literal["rapidocr", "tesseract"]

_PATIENCE_S = 120.0
_COLUMNS = "level page block_num par_num line_num word left top width height conf text".split()  # noqa: SIM905


class EngineFailed(RuntimeError):
    """The engine is not installed, or could not read this page."""


def engine_named(name: Engine) -> Callable[[Image.Image], list[Line]]:
    """What reads a page with that engine: lines from top to bottom. Raises EngineFailed, when called too."""
    return _rapid if name == "rapidocr" else _tesseract


def _rapid(image: Image.Image) -> list[Line]:
    try:
        found, _ = _model()(image.convert("RGB"))
    except (RuntimeError, ValueError) as error:
        raise EngineFailed(f"RapidOCR: {error}") from error
    return _in_order([_boxed(corners, text, float(sure)) for corners, text, sure in found or []])


@cache
def _model() -> Any:
    threads = max(1, int(os.environ.get("OMP_THREAD_LIMIT", "1")))
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ImportError as error:
        raise EngineFailed(f"RapidOCR cannot be loaded: {error}; install it or set ocr: tesseract") from error
    return RapidOCR(intra_op_num_threads=threads, inter_op_num_threads=1)


def _boxed(corners: Any, text: str, sure: float) -> Line:
    across, down = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    left, top = min(across), min(down)
    return Line(text, round(left), round(top), round(max(across) - left), round(max(down) - top), round(sure, 3))


def _tesseract(image: Image.Image) -> list[Line]:
    if is_pgm(image):
        return _read(image.filename, image)  # type: ignore[attr-defined]  # of images that were opened
    with tempfile.NamedTemporaryFile(prefix="courtside-") as page:  # a pipe would take it in thousands of turns
        image.convert("L").save(page, "PPM")
        page.flush()
        return _read(page.name, image)


def _read(pgm: str, image: Image.Image) -> list[Line]:
    try:
        said = _reader().ask(page=pgm, width=image.width, height=image.height)
    except (Ended, Silent) as error:
        raise EngineFailed(f"tesseract died over this page or gave no answer in {_PATIENCE_S:.0f} s") from error
    if "failed" in said:
        raise EngineFailed(f"tesseract: {said['failed']}")
    return _lines_of(said["tsv"])


@cache
def _reader() -> Asked:
    asked = Asked("central.dossiers.tesseract", _PATIENCE_S)
    atexit.register(asked.end)
    return asked


def _lines_of(tsv: str) -> list[Line]:
    """Words of the same line joined; Chinese takes no blanks, Latin words keep theirs."""
    lines: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(tsv), _COLUMNS, delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "5" and row["text"].strip():
            lines.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(row)
    return [_joined(words) for words in lines.values()]


def _joined(words: list[dict[str, str]]) -> Line:
    text = words[0]["text"]
    for word in words[1:]:
        latin = text[-1].isascii() and text[-1].isalnum() and word["text"][0].isascii() and word["text"][0].isalnum()
        text += (" " if latin else "") + word["text"]
    boxes = [tuple(int(word[name]) for name in ("left", "top", "width", "height")) for word in words]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    sure = sum(float(word["conf"]) for word in words) / len(words) / 100
    return Line(text, left, top, right - left, bottom - top, round(sure, 3))


def _in_order(lines: list[Line]) -> list[Line]:
    """From top to bottom; what stands at one height, from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.top + line.height / 2):
        middle = line.top + line.height / 2
        if rows and middle < rows[-1][0].top + rows[-1][0].height * 0.8:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line.left)]
