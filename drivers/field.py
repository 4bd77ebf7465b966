"""The field before an emulated tag reader: tags that hands put into it and take out. No I/O."""

from collections.abc import Mapping
from typing import Any

from drivers.hands import ArgumentKind, Hand

TAG: Mapping[str, ArgumentKind] = {"tag": "str"}
LONGEST_EPC = 62
"""Bytes; the five length bits of a Gen2 protocol word count to 31 words."""


class Field:
    """EPCs in the order they came in."""

    def __init__(self) -> None:
        self._tags: list[bytes] = []

    @property
    def tags(self) -> list[bytes]:
        """Every EPC in the field."""
        return list(self._tags)

    def next(self) -> bytes | None:
        """Each EPC in turn, as a reader hears that answers with one tag a question; None if there is none."""
        if not self._tags:
            return None
        self._tags.append(self._tags.pop(0))
        return self._tags[-1]

    def look(self) -> dict[str, Any]:
        """Which tags are in the field."""
        return {"tags": sorted(tag.hex().upper() for tag in self._tags)}

    def hands(self) -> Mapping[str, Hand]:
        """Tags to move; a tag is named by its EPC in hex digits."""
        return {"put_in": Hand("放入标签", self._put_in, TAG), "take_out": Hand("取走标签", self._take_out, TAG)}

    def _put_in(self, tag: str) -> None:
        epc = bytes.fromhex(tag)
        if not 0 < len(epc) <= LONGEST_EPC or len(epc) % 2:
            raise ValueError(f"an EPC has 1 to {LONGEST_EPC // 2} words of two bytes, not {len(epc)} bytes")
        if epc not in self._tags:
            self._tags.append(epc)

    def _take_out(self, tag: str) -> None:
        epc = bytes.fromhex(tag)
        if epc in self._tags:
            self._tags.remove(epc)


def protocol_word(epc: bytes) -> bytes:
    """The PC a plain Gen2 tag sends before its EPC: the length in words, in the five highest bits."""
    return (len(epc) // 2 << 11).to_bytes(2, "big")
