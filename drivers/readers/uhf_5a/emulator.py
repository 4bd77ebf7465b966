"""A "5A" cabinet reader in software: started, it uploads tag after tag until it is stopped."""

from collections.abc import Mapping
from typing import Any

from drivers.field import Field, protocol_word
from drivers.hands import Hand
from drivers.late import Late
from drivers.readers.uhf_5a import wire

RSSI = 0x4B
NO_ANTENNA, READS_ALREADY = b"\x01", b"\x02"
"""Made up: no published text says which number is which refusal."""
POWERS = bytes.fromhex("011E021E031E041E")
ALIVE_POLLS = 500


class Emulator:
    """One reader. Settings are those of the driver."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._field = Field()
        self._late = Late()
        self._framer = wire.question_framer()
        self._reads = False
        self._antenna = True
        self._polls = 0
        self._owed_echoes = 0

    def feed(self, data: bytes) -> bytes:
        """What the reader answers at once."""
        return b"".join(self._answer(question) for question in self._framer.feed(data))

    def poll(self) -> bytes:
        """Answers that come late; while it reads, one tag; now and then, whether somebody is there."""
        self._polls += 1
        out = self._late.poll()
        if self._late.look()["silent"]:
            return out
        if self._reads and (epc := self._field.next()):
            out += wire.upload(epc, protocol_word(epc), 1, RSSI).to_bytes()
        if self._polls % ALIVE_POLLS == 0:
            self._owed_echoes += 1
            out += wire.Frame(wire.ALIVE, (self._polls // ALIVE_POLLS).to_bytes(4, "big")).to_bytes()
        return out

    def look(self) -> dict[str, Any]:
        """Which tags are in the field."""
        return {
            **self._field.look(), **self._late.look(), "antenna": self._antenna, "reads": self._reads,
            "owed_echoes": self._owed_echoes,
        }  # fmt: skip

    def hands(self) -> Mapping[str, Hand]:
        """Tags to move, an antenna to unscrew, and ways to misbehave."""
        return {
            **self._field.hands(),
            **self._late.hands(),
            "antenna": Hand("天线是否接好", self._connect, {"on": "bool"}),
            "alive": Hand("立即询问主机是否在线", self._ask_now),
        }

    def _connect(self, on: bool) -> None:
        self._antenna = on

    def _ask_now(self) -> None:
        self._polls += ALIVE_POLLS - 1 - self._polls % ALIVE_POLLS

    def _answer(self, question: wire.Frame) -> bytes:
        if question.control == wire.ALIVE:
            self._owed_echoes = 0
            return b""
        return self._late.pass_on(wire.Frame(question.control, self._did(question)).to_bytes())

    def _did(self, question: wire.Frame) -> bytes:
        if question.control == wire.POWER:
            return POWERS
        if question.control == wire.STOP:
            self._reads = False
            return wire.DONE
        if not self._antenna:
            return NO_ANTENNA
        refused, self._reads = self._reads, True
        return READS_ALREADY if refused else wire.DONE
