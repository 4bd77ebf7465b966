"""Where a display of class 2 is that is known by its hardware address: asked for by UDP; nothing listens afterwards.

Whoever is there answers the sender, and some answer everybody at port 4352; so that port is taken if it is free.
"""

import asyncio
import re
import socket
from contextlib import suppress

from devices.errors import DeviceOffline
from drivers.displays.pjlink import wire

STANDARD = 4352
"""The port of PJLink, by TCP and by UDP."""
EVERYBODY = "255.255.255.255"
AGAIN_S = 1.0
"""A datagram may be lost: so often it is asked."""
PORT = re.compile(r"pjlink:([0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5})(?:@([0-9.]+)(?::([0-9]{1,5}))?)?")
"""The hardware address, where it is looked for (a network's broadcast address; everywhere), and the port if another."""


class _Ears(asyncio.DatagramProtocol):
    """Who is there: hardware address -> address."""

    def __init__(self, wanted: str) -> None:
        self.heard: dict[str, str] = {}
        self.is_there = asyncio.Event()
        self._wanted = wanted

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        if mac := wire.found_of(data):
            self.heard[mac] = str(addr[0])
            if mac == self._wanted:
                self.is_there.set()


async def address_of(port: str, within_s: float) -> str:
    """`tcp://...` of the display. Raises DeviceOffline, naming the displays that were heard instead."""
    told = PORT.fullmatch(port)
    if told is None:
        raise DeviceOffline(f"{port} names no display by its hardware address")
    mac, where, number = told[1].lower(), told[2] or EVERYBODY, int(told[3] or STANDARD)
    ears = _Ears(mac)
    try:
        voice, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: ears, sock=_socket())
    except OSError as error:
        raise DeviceOffline(f"displays cannot be looked for by UDP: {error}") from error
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not ears.is_there.is_set():
                    voice.sendto(wire.SEARCH, (where, number))
                    with suppress(TimeoutError):
                        await asyncio.wait_for(ears.is_there.wait(), AGAIN_S)
    finally:
        voice.close()
    if mac in ears.heard:
        return f"tcp://{ears.heard[mac]}:{number}"
    others = ", ".join(f"{other} at {address}" for other, address in sorted(ears.heard.items())) or "none at all"
    raise DeviceOffline(f"no display of class 2 answers to {mac} at {where}; heard: {others}")


def _socket() -> socket.socket:
    """One that may ask everybody. Raises OSError."""
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        asking.setblocking(False)
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            asking.bind(("", STANDARD))
        except OSError:
            asking.bind(("", 0))
    except OSError:
        asking.close()
        raise
    return asking
