"""A USB HID POS reader in software: a hand shows it codes."""

from collections.abc import Mapping
from typing import Any

from drivers.hands import Hand
from drivers.label import AIM_OF_LABELS, AIM_OF_QR, LONGEST_LABEL
from drivers.readers.usb_barcode import wire


class Emulator:
    """One reader. Settings are those of the driver; `encoding` auto sends UTF-8."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._encoding = "gb18030" if settings.get("encoding") == "gb18030" else "utf-8"
        self._out = b""
        self._reads = 0
        self._silent = False

    def feed(self, data: bytes) -> bytes:
        """It is asked nothing."""
        return b""

    def poll(self) -> bytes:
        """What it read since the last call."""
        out, self._out = self._out, b""
        return out

    def look(self) -> dict[str, Any]:
        """How much it read."""
        return {"reads": self._reads, "silent": self._silent, "encoding": self._encoding}

    def hands(self) -> Mapping[str, Hand]:
        """Codes to show, and ways to misbehave."""
        return {
            "scan": Hand("扫码", self._scan, {"code": "str"}),
            "encode": Hand("改用编码（utf-8 或 gb18030）", self._encode, {"encoding": "str"}),
            "silence": Hand("是否装死（不应答）", self._silence, {"on": "bool"}),
        }

    def _scan(self, code: str) -> None:
        if self._silent:
            return
        self._reads += 1
        is_label = code.isascii() and len(code) <= LONGEST_LABEL
        data = code.encode(self._encoding)
        pieces = [data[at : at + wire.DATA] for at in range(0, len(data), wire.DATA)]
        for number, piece in enumerate(pieces, 1):
            aim = AIM_OF_LABELS if is_label else AIM_OF_QR
            self._out += wire.report(aim, piece, number < len(pieces)).to_bytes()

    def _encode(self, encoding: str) -> None:
        "".encode(encoding)
        self._encoding = encoding

    def _silence(self, on: bool) -> None:
        self._silent = on
