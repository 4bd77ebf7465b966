"""A Chafon UHF reader in software: tags in its field, told a few a frame."""

from collections.abc import Mapping
from typing import Any

from drivers.field import Field
from drivers.hands import Hand
from drivers.late import Late
from drivers.readers.uhf_chafon import wire

RSSI = 0x4A
TAGS_A_FRAME = 2


class Emulator:
    """One reader at address 0 or its own; questions to another pass it by. Settings are those of the driver."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        address = int(settings.get("address", wire.ANY_ADDRESS))
        self._address = 0 if address == wire.ANY_ADDRESS else address
        self._model: wire.Model = settings.get("model", "18")
        self._field = Field()
        self._late = Late()
        self._framer = wire.question_framer()
        self._antenna = True

    def feed(self, data: bytes) -> bytes:
        """What the reader answers at once."""
        ours = (self._address, wire.ANY_ADDRESS)
        heard = (question for question in self._framer.feed(data) if question.address in ours)
        return b"".join(self._late.pass_on(self._answer(question)) for question in heard)

    def poll(self) -> bytes:
        """Answers that come late."""
        return self._late.poll()

    def look(self) -> dict[str, Any]:
        """Which tags are in the field."""
        return {**self._field.look(), **self._late.look(), "antenna": self._antenna}

    def hands(self) -> Mapping[str, Hand]:
        """Tags to move, an antenna to unscrew, and ways to misbehave."""
        antenna = Hand("天线是否接好", self._connect, {"on": "bool"})
        return {**self._field.hands(), **self._late.hands(), "antenna": antenna}

    def _connect(self, on: bool) -> None:
        self._antenna = on

    def _answer(self, question: wire.Question) -> bytes:
        if question.command != wire.INVENTORY or bool(question.data) is not (self._model == "288"):
            return b""
        if not self._antenna:
            return wire.Answer(self._address, wire.INVENTORY, wire.ANTENNA_FAULT).to_bytes()
        tags = self._field.tags
        if not tags and self._model == "18":
            return wire.Answer(self._address, wire.INVENTORY, wire.NO_TAG).to_bytes()
        some = [tags[at : at + TAGS_A_FRAME] for at in range(0, len(tags), TAGS_A_FRAME)] or [[]]
        ends = [wire.MORE] * (len(some) - 1) + [wire.COMPLETE]
        told = zip(ends, some, strict=True)
        return b"".join(wire.tags(self._address, self._model, end, few, RSSI).to_bytes() for end, few in told)
