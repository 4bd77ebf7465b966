"""An M100-type UHF module in software: tags in its field, heard one a question, in turn."""

from collections.abc import Mapping
from typing import Any

from drivers.field import Field, protocol_word
from drivers.hands import Hand
from drivers.late import Late
from drivers.readers.uhf_m100 import wire

RSSI = -55
HARDWARE = b"M100 26dBm V1.0"


class Emulator:
    """One module. Settings are those of the driver, and `speaks`: the framing of a module whose driver finds out."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        framing = settings.get("framing", "auto")
        self._framing: wire.Framing = settings.get("speaks", "bb") if framing == "auto" else framing
        self._field = Field()
        self._late = Late()
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """What the module answers at once; in the other framing it hears nothing."""
        heard = (question for question in self._framer.feed(data) if question.framing == self._framing)
        return b"".join(self._late.pass_on(self._answer(question).to_bytes()) for question in heard)

    def poll(self) -> bytes:
        """Answers that come late."""
        return self._late.poll()

    def look(self) -> dict[str, Any]:
        """Which tags are in the field, and which framing it speaks."""
        return {**self._field.look(), **self._late.look(), "speaks": self._framing}

    def hands(self) -> Mapping[str, Hand]:
        """Tags to move, and ways to misbehave."""
        return {**self._field.hands(), **self._late.hands()}

    def _answer(self, question: wire.Frame) -> wire.Frame:
        if question.command == wire.VERSION:
            return wire.Frame(self._framing, wire.RESPONSE, wire.VERSION, question.parameters + HARDWARE)
        if question.command != wire.INVENTORY:
            return self._failed(wire.WRONG_COMMAND)
        epc = self._field.next()
        return wire.tag(self._framing, RSSI, protocol_word(epc), epc) if epc else self._failed(wire.NO_TAG)

    def _failed(self, error: int) -> wire.Frame:
        return wire.Frame(self._framing, wire.RESPONSE, wire.FAILED, bytes((error,)))
