"""A network printer in software: its SNMP agent answers on a real UDP port of the loopback."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto import api

from drivers.hands import Hand
from drivers.supplies.snmp_printer import printer

LOOPBACK = "127.0.0.1"
IDLE = 3
FULL = 8000
SOME_LEFT = -3
_ASN = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]


class Stage:
    """One printer with black and coloured toner, and a drum that only knows that some is left."""

    def __init__(self, settings: Mapping[str, Any], folder: Path) -> None:
        self._community = str(settings.get("community", "public")).encode()
        self._index = int(settings.get("index", 1))
        self._port = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._silent = False
        self._pages = 1000
        self._wants = bytearray(2)
        self._levels = {1: FULL, 2: FULL, 3: SOME_LEFT}

    async def plug(self) -> str:
        """Appear; once it has a port it comes back there."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Answers(self._answer), local_addr=(LOOPBACK, self._port)
        )
        self._port = self._transport.get_extra_info("sockname")[1]
        return f"udp://{LOOPBACK}:{self._port}"

    async def unplug(self) -> None:
        """Vanish."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def look(self) -> dict[str, Any]:
        """How it stands."""
        return {"wants": printer.wants_of(bytes(self._wants)), "left": dict(self._levels), "pages": self._pages}

    def hands(self) -> Mapping[str, Hand]:
        """What happens to it."""
        return {
            "wants": Hand("打印机需要处理（no_paper、jam 等）", self._want, {"what": "str", "on": "bool"}),
            "left": Hand("耗材余量（百分比）", self._leave, {"supply": "int", "percent": "int"}),
            "print": Hand("打印若干页", self._print, {"pages": "int"}),
            "silence": Hand("是否装死（不应答）", self._silence, {"on": "bool"}),
        }

    def _want(self, what: str, on: bool) -> None:
        at = [str(want) for want in printer.WANTS].index(what)
        bit = 0x80 >> at % 8
        self._wants[at // 8] = self._wants[at // 8] | bit if on else self._wants[at // 8] & ~bit

    def _leave(self, supply: int, percent: int) -> None:
        self._levels[supply] = FULL * percent // 100

    def _print(self, pages: int) -> None:
        self._pages += pages

    def _silence(self, on: bool) -> None:
        self._silent = on

    def _objects(self) -> dict[tuple[int, ...], Any]:
        of = self._index
        told = {
            f"{printer.STATUS}.{of}": _ASN.Integer(IDLE),
            f"{printer.ERRORS}.{of}": _ASN.OctetString(bytes(self._wants)),
            f"{printer.PAGES}.{of}.1": _ASN.Counter32(self._pages),
            **{f"{printer.MOST}.{of}.{number}": _ASN.Integer(FULL) for number in self._levels},
            **{f"{printer.LEVEL}.{of}.{number}": _ASN.Integer(level) for number, level in self._levels.items()},
        }
        return {tuple(map(int, name.split("."))): value for name, value in told.items()}

    def _answer(self, question: bytes) -> bytes:
        try:
            asked, _ = decoder.decode(question, asn1Spec=_ASN.Message())
        except PyAsn1Error:
            return b""
        if self._silent or bytes(_ASN.apiMessage.get_community(asked)) != self._community:
            return b""
        answer = _ASN.apiMessage.get_response(asked)
        pdu, has = _ASN.apiMessage.get_pdu(asked), self._objects()
        is_next = pdu.isSameTypeWith(_ASN.GetNextRequestPDU())
        names = [tuple(name) for name, _ in _ASN.apiPDU.get_varbinds(pdu)]
        told = [_following(has, name) if is_next else (name, has.get(name, _ASN.NoSuchObject())) for name in names]
        _ASN.apiPDU.set_varbinds(_ASN.apiMessage.get_pdu(answer), told)
        written: bytes = encoder.encode(answer)
        return written


class _Answers(asyncio.DatagramProtocol):
    """One socket of the agent."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._answer(data)
        if answer and self._transport is not None:
            self._transport.sendto(answer, addr)


def _following(has: Mapping[tuple[int, ...], Any], name: tuple[int, ...]) -> tuple[tuple[int, ...], Any]:
    later = min((known for known in has if known > name), default=None)
    return (later, has[later]) if later is not None else (name, _ASN.EndOfMibView())
