"""Tesseract, its model kept loaded, for loading takes half as long as a page: `python -m central.dossiers.tesseract`.

It is asked by lines of JSON on standard input, and answers each with a line:

    {"page": F, "width": 2480, "height": 3508}    what stands in a PGM file as {"tsv": T}, or {"failed": WHY}

The functions are those of `tesseract/capi.h`, version 5.
"""

import json
import os
import sys
from ctypes import CDLL, c_char_p, c_int, c_void_p, string_at
from pathlib import Path

_LIBRARY = "libtesseract.so.5"
_LANGUAGE = b"chi_sim"
_BY_WHAT_THE_MODEL_HAS = 3
_ONE_BLOCK = 6
_DPI = 300


class NoEngine(RuntimeError):
    """Tesseract or its model is not installed."""


class Engine:
    """The engine, loaded. Raises NoEngine."""

    def __init__(self) -> None:
        try:
            self._lib = CDLL(_LIBRARY)
        except OSError as error:
            raise NoEngine(f"{error}; install tesseract-ocr") from error
        self._lib.TessBaseAPICreate.restype = self._lib.TessBaseAPIGetTsvText.restype = c_void_p
        self._base = c_void_p(self._lib.TessBaseAPICreate())
        if self._lib.TessBaseAPIInit2(self._base, None, _LANGUAGE, _BY_WHAT_THE_MODEL_HAS):
            raise NoEngine("it has no chi_sim; install tesseract-ocr-chi-sim")
        self._lib.TessBaseAPISetPageSegMode(self._base, _ONE_BLOCK)

    def tsv(self, grey: bytes, width: int, height: int) -> str:
        """What it reads, a word a line, in the columns of `tesseract tsv`."""
        self._lib.TessBaseAPISetImage(self._base, c_char_p(grey), width, height, 1, width)
        self._lib.TessBaseAPISetSourceResolution(self._base, _DPI)
        found = c_void_p(self._lib.TessBaseAPIGetTsvText(self._base, c_int(0)))
        try:
            return string_at(found).decode() if found else ""
        finally:
            self._lib.TessDeleteText(found)
            self._lib.TessBaseAPIClear(self._base)


def main() -> None:
    """Answer until there are no more questions."""
    engine = None
    for asked in sys.stdin:
        try:
            engine = engine or Engine()
            said = {"tsv": _read(engine, **json.loads(asked))}
        except NoEngine as error:
            said = {"failed": str(error)}
        print(json.dumps(said), flush=True)  # noqa: T201  (its parent reads it)


def _read(engine: Engine, page: str, width: int, height: int) -> str:
    with Path(page).open("rb") as file:
        file.seek(-width * height, os.SEEK_END)
        return engine.tsv(file.read(), width, height)


if __name__ == "__main__":
    main()
