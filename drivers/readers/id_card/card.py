"""What stands on an identity card: four layouts of the same 256 bytes of UTF-16 (devices.md 4). No I/O."""

from collections.abc import Mapping
from typing import Any

from devices.readers import IdCard, IdCardKind
from drivers.readers.id_card.wire import PHOTO, READ_DATA, TEXT

MARK = 248
"""Where the character stands that tells the layout."""
RESERVED = ""
_COMMON = (("number", 36), ("issuer", 30), ("valid_from", 16), ("valid_to", 16))
Layout = tuple[tuple[str, int], ...]
LAYOUTS: Mapping[str, tuple[IdCardKind, Layout]] = {
    " ": (
        "citizen",
        (("name", 30), ("sex", 2), ("nation", 4), ("birth", 16), ("address", 70), *_COMMON, (RESERVED, 36)),
    ),
    "J": (
        "residence_permit",
        (
            *(("name", 30), ("sex", 2), (RESERVED, 4), ("birth", 16), ("address", 70), *_COMMON),
            *(("travel_permit", 18), ("issues", 4), (RESERVED, 6), ("mark", 2), (RESERVED, 6)),
        ),
    ),
    "I": (
        "foreigner_2017",
        (
            *(("english_name", 120), ("sex", 2), ("number", 30), ("nationality", 6), ("name", 30)),
            *(("valid_from", 16), ("valid_to", 16), ("birth", 16), (RESERVED, 4), ("issuer", 8)),
            *(("mark", 2), (RESERVED, 6)),
        ),
    ),
    "Y": (
        "foreigner_2023",
        (
            *(("name", 30), ("sex", 2), ("issues", 4), ("birth", 16), ("english_name", 70), ("number", 36)),
            *((RESERVED, 30), ("valid_from", 16), ("valid_to", 16), ("english_name", 22), ("nationality", 6)),
            *(("mark", 2), (RESERVED, 6)),
        ),
    ),
}
"""By mark: the kind of card, and its fields with their bytes in order. A name in two pieces is put together."""


def card_of(data: bytes) -> IdCard | None:
    """The card in the data of a read answer; None, and no talkative error, if it is of no known layout or no text."""
    sizes = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    if len(data) != READ_DATA or sizes != (TEXT, PHOTO):
        return None
    block = data[4 : 4 + TEXT]
    kind, layout = LAYOUTS.get(_text(block[MARK : MARK + 2]) or "", (None, ()))
    pieces: dict[str, str] = {}
    at = 0
    for name, size in layout:
        piece = _text(block[at : at + size])
        if piece is None:
            return None
        pieces[name] = pieces.get(name, "") + piece
        at += size
    known: dict[str, Any] = {name: text.strip(" \0") for name, text in pieces.items() if name not in (RESERVED, "mark")}
    return IdCard(kind=kind, photo=data[4 + TEXT :], **known) if kind else None


def block_of(card: IdCard) -> bytes:
    """The 256 bytes in which a card says that."""
    mark, layout = next((mark, layout) for mark, (kind, layout) in LAYOUTS.items() if kind == card.kind)
    left = {"mark": mark, RESERVED: ""} | {name: getattr(card, name) for name, _ in layout if hasattr(card, name)}
    block = b""
    for name, size in layout:
        block += left[name][: size // 2].ljust(size // 2).encode("utf-16-le")
        left[name] = left[name][size // 2 :] if name == "english_name" else left[name]
    return block


def _text(block: bytes) -> str | None:
    try:
        return block.decode("utf-16-le")
    except UnicodeDecodeError:
        return None
