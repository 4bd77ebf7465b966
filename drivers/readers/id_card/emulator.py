"""A SAM-V in software: hands lay synthetic cards on it. No person has a number of region 999999."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from devices.readers import IdCard
from drivers.framing import Framer
from drivers.hands import Hand
from drivers.late import Late
from drivers.readers.id_card import hid, wire
from drivers.readers.id_card.card import block_of
from drivers.usb_port import is_usb

READ_FAILED, SELECT_FAILED, WRONG_COMMAND = 0x41, 0x81, 0x21
_HERE = IdCard(
    *("citizen", "测试甲", "1", "19900101", "999999199001010016", "20200101", "20400101"),
    nation="01",
    address="测试省测试市测试路1号",
    issuer="测试市公安局",
)
_ABROAD = IdCard(
    *("foreigner_2017", "测试丙", "2", "19900101", "ZZZ990090010100", "20200101", "20400101"),
    issuer="9999",
    english_name="TEST, SYNTHETIC PERSON",
    nationality="ZZZ",
)
CARDS: Mapping[str, IdCard] = {
    "citizen": _HERE,
    "residence_permit": replace(
        _HERE,
        kind="residence_permit",
        name="测试乙",
        number="839999199001010018",
        nation="",
        travel_permit="X00000000",
        issues="01",
    ),
    "foreigner_2017": _ABROAD,
    "foreigner_2023": replace(
        _ABROAD, kind="foreigner_2023", name="测试丁", number="999999199001010024", issuer="", issues="00"
    ),
}
"""The cards hands can lay, by kind."""


class Emulator:
    """One reader. Settings are those of the driver; behind a USB port it speaks in HID reports."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._reports: Framer[hid.Report] | None = hid.framer() if is_usb(str(settings.get("port", ""))) else None
        self._frames = wire.question_framer()
        self._waiting: deque[hid.Report] = deque()
        self._late = Late()
        self._card: str | None = None
        self._block = b""
        self._hurt = False
        self._selected = self._finished = False
        self._reads = 0

    def feed(self, data: bytes) -> bytes:
        """What the reader answers at once."""
        if self._reports is None:
            return b"".join(self._late.pass_on(self._answer(asked).to_bytes()) for asked in self._frames.feed(data))
        return b"".join(self._reported(report) for report in self._reports.feed(data))

    def poll(self) -> bytes:
        """Answers that come late."""
        return self._late.poll()

    def look(self) -> dict[str, Any]:
        """What kind of card lies there, and how often one was read."""
        return {"card": self._card, "reads": self._reads, "hurt": self._hurt, **self._late.look()}

    def hands(self) -> Mapping[str, Hand]:
        """Cards to lay, and ways to misbehave."""
        return {
            "lay": Hand(f"放上测试证件（{'、'.join(CARDS)}）", self._lay, {"card": "str"}),
            "lay_unknown": Hand("放上版式不明的测试证件", self._lay_unknown),
            "lift": Hand("取走证件", self._lift),
            "hurt": Hand("证件是否读不出", self._set_hurt, {"on": "bool"}),
            **self._late.hands(),
        }

    def _lay(self, card: str) -> None:
        self._lift()
        self._card, self._block = card, block_of(CARDS[card])

    def _lay_unknown(self) -> None:
        self._lay("citizen")
        self._card, self._block = "unknown", self._block[:248] + "Z".encode("utf-16-le") + self._block[250:]

    def _lift(self) -> None:
        self._card = None
        self._selected = self._finished = False

    def _set_hurt(self, on: bool) -> None:
        self._hurt = on

    def _reported(self, report: hid.Report) -> bytes:
        if report == hid.NEXT:
            return self._waiting.popleft().to_bytes() if self._waiting else b""
        asked = self._frames.feed(report.payload[2:])
        if not asked:
            return b""
        first, *following = hid.answer(self._answer(asked[0]).to_bytes())
        self._waiting = deque(following)
        return self._late.pass_on(first.to_bytes())

    def _answer(self, asked: wire.Frame) -> wire.Frame:
        if asked == wire.FIND:
            is_found = self._card is not None and not self._finished
            return wire.answer(wire.FOUND, bytes(4)) if is_found else wire.answer(wire.NO_CARD)
        if asked == wire.SELECT:
            self._selected = self._card is not None
            return wire.answer(wire.OK, bytes(8)) if self._selected else wire.answer(SELECT_FAILED)
        if asked != wire.READ:
            return wire.answer(WRONG_COMMAND)
        if self._hurt or not self._selected:
            return wire.answer(READ_FAILED)
        self._finished, self._selected = True, False
        self._reads += 1
        sizes = wire.TEXT.to_bytes(2, "big") + wire.PHOTO.to_bytes(2, "big")
        return wire.answer(wire.OK, sizes + self._block + bytes(wire.PHOTO))
