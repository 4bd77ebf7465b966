"""An "A0" UHF reader in software: tags in its field, each told once a round."""

from collections.abc import Mapping
from typing import Any

from drivers.field import Field, protocol_word
from drivers.hands import Hand
from drivers.late import Late
from drivers.readers.uhf_a0 import wire

FREQUENCY, ANTENNA, RSSI = 7, 0, -55
RATE = 25
VERSION = b"\x02\x02"
ANTENNA_MISSING = 0x22


class Emulator:
    """One reader; questions to another address pass it by. Settings are those of the driver."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        address = int(settings.get("address", 1))
        self._address = 1 if address == wire.ANY_ADDRESS else address
        self._field = Field()
        self._late = Late()
        self._framer = wire.question_framer()
        self._antenna = True

    def feed(self, data: bytes) -> bytes:
        """What the reader answers at once."""
        heard = (question for question in self._framer.feed(data) if question.address in self._names())
        return b"".join(self._late.pass_on(self._answer(question)) for question in heard)

    def poll(self) -> bytes:
        """Answers that come late."""
        return self._late.poll()

    def look(self) -> dict[str, Any]:
        """Which tags are in the field."""
        return {**self._field.look(), **self._late.look(), "antenna": self._antenna}

    def hands(self) -> Mapping[str, Hand]:
        """Tags to move, an antenna to unscrew, and ways to misbehave."""
        return {
            **self._field.hands(),
            **self._late.hands(),
            "antenna": Hand("天线是否接好", self._connect, {"on": "bool"}),
        }

    def _connect(self, on: bool) -> None:
        self._antenna = on

    def _names(self) -> tuple[int, int]:
        return self._address, wire.ANY_ADDRESS

    def _answer(self, question: wire.Frame) -> bytes:
        if question.command == wire.FIRMWARE:
            return wire.Frame(self._address, wire.FIRMWARE, VERSION).to_bytes()
        if question.command != wire.INVENTORY:
            return b""
        if not self._antenna:
            return wire.Frame(self._address, wire.INVENTORY, bytes((ANTENNA_MISSING,))).to_bytes()
        told = [wire.tag(self._address, FREQUENCY, ANTENNA, protocol_word(epc), epc, RSSI) for epc in self._field.tags]
        told.append(wire.round_end(self._address, ANTENNA, RATE, len(told)))
        return b"".join(frame.to_bytes() for frame in told)
