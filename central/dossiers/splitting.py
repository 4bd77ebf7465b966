"""Where one document ends and the next begins: separator sheets, barcodes of volumes, and titles."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from central.dossiers.proposing import begins

PREFIX = "CSD-SEP"
"""What the code of a separator sheet begins with: `CSD-SEP`, `CSD-SEP-19`; with `-S` for the side volume."""
_SHEET = re.compile(rf"^{PREFIX}(?:-(\d{{1,2}}))?(-S)?$")


@dataclass(frozen=True)
class Seen:
    """A page as far as it decides where documents begin."""

    id: int
    kind: str
    text: str
    codes: Sequence[str] = ()


@dataclass
class Part:
    """Pages that belong together; what a separator sheet or a label said of them."""

    pages: list[int] = field(default_factory=list)
    item: int | None = None
    secret: bool | None = None
    foreign: str | None = None
    """A barcode that belongs to another case."""


def sheet_code(item: int | None, *, side: bool = False) -> str:
    """What is printed on the separator sheet before a document of that item."""
    return PREFIX + (f"-{item}" if item else "") + ("-S" if side else "")


def is_sheet(codes: Sequence[str]) -> bool:
    """True for a separator sheet: it is kept, but belongs to no document."""
    return any(_SHEET.match(code) for code in codes)


def split(pages: Sequence[Seen], volumes: Mapping[str, bool], foreign: frozenset[str]) -> list[Part]:
    """The documents among these pages, in order. `volumes`: this case's barcodes -> is it a side volume.

    Where separator sheets are used, they alone separate; else a known title at the head of a page does.
    """
    sheets = any(is_sheet(page.codes) for page in pages)
    parts, secret = [Part()], None
    for page in pages:
        sheet = next((found for code in page.codes if (found := _SHEET.match(code))), None)
        if sheet:
            secret = True if sheet[2] else (secret if sheet[1] is None else None)
            parts.append(Part(item=int(sheet[1]) if sheet[1] else None, secret=secret))
            continue
        labels = [code for code in page.codes if code in volumes]
        if labels:
            secret = volumes[labels[0]]
        if parts[-1].pages and (labels or (not sheets and page.kind == "page" and begins(page.text))):
            parts.append(Part(secret=secret))
        parts[-1].secret = secret if parts[-1].secret is None else parts[-1].secret
        parts[-1].foreign = next((code for code in page.codes if code in foreign), parts[-1].foreign)
        parts[-1].pages.append(page.id)
    return [part for part in parts if part.pages]
