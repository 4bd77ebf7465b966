"""The label before an emulated reader of codes: hands show codes and take them away. No I/O."""

from collections.abc import Mapping
from typing import Any

from drivers.codes import SUFFIXES
from drivers.hands import Hand

AIM_OF_LABELS = b"]C0"
AIM_OF_QR = b"]Q1"
LONGEST_LABEL = 40
"""What is longer, or not ASCII, is shown as a QR code."""


class Label:
    """What lies before a reader, and how the reader's settings (those of its driver) make it sound.

    `encoding` auto sends UTF-8. A reader that is not triggered reads each code when it is shown.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._suffix = SUFFIXES[str(settings.get("suffix", "cr"))]
        self.aim = bool(settings.get("aim", False))
        """AIM identifiers are switched on."""
        self._encoding = "gb18030" if settings.get("encoding") == "gb18030" else "utf-8"
        self._triggered = settings.get("trigger", "continuous") == "host"
        self._label: str | None = None
        self._out = b""
        self._reads = 0
        self.silent = False
        """It reads and answers nothing."""

    def triggered(self) -> bytes:
        """The code before it, as a trigger makes it read; nothing if it reads by itself."""
        if self._label is None or self.silent or not self._triggered:
            return b""
        return self._bytes(self._label)

    def poll(self) -> bytes:
        """What it read by itself since the last call."""
        out, self._out = self._out, b""
        return out

    def look(self) -> dict[str, Any]:
        """What lies before it and how much it read."""
        return {"label": self._label, "reads": self._reads, "silent": self.silent, "encoding": self._encoding}

    def hands(self) -> Mapping[str, Hand]:
        """Codes to show, and ways to misbehave."""
        return {
            "scan": Hand("扫码", self._scan, {"code": "str"}),
            "take_away": Hand("拿走条码", self._take_away),
            "half_scan": Hand("只送出半个码", self._half_scan, {"code": "str"}),
            "encode": Hand("改用编码（utf-8 或 gb18030）", self._encode, {"encoding": "str"}),
            "silence": Hand("是否装死（不应答）", self._silence, {"on": "bool"}),
        }

    def _scan(self, code: str) -> None:
        self._label = code
        if not self._triggered and not self.silent:
            self._out += self._bytes(code)

    def _take_away(self) -> None:
        self._label = None

    def _half_scan(self, code: str) -> None:
        whole = self._bytes(code)
        self._out += whole[: len(whole) // 2]

    def _encode(self, encoding: str) -> None:
        "".encode(encoding)
        self._encoding = encoding

    def _silence(self, on: bool) -> None:
        self.silent = on

    def _bytes(self, code: str) -> bytes:
        self._reads += 1
        is_label = code.isascii() and len(code) <= LONGEST_LABEL
        aim = (AIM_OF_LABELS if is_label else AIM_OF_QR) if self.aim else b""
        return aim + code.encode(self._encoding) + self._suffix
