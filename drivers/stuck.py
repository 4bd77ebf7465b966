"""A port that takes nothing any more is as good as gone: a flow control that never lets go, a printer that stopped."""

import asyncio

from devices.errors import DeviceOffline

STUCK_S = 30.0
"""A port that takes no byte for so long is stuck."""
PIECE = 4096


def takes_nothing(name: str) -> DeviceOffline:
    """What is raised of that port."""
    return DeviceOffline(f"{name} is stuck: it took nothing for {STUCK_S:.0f} s")


async def hand_on(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Write all of it. Raises OSError; TimeoutError if nothing is taken for STUCK_S, and the rest waits in `writer`."""
    for at in range(0, len(data), PIECE):
        writer.write(data[at : at + PIECE])
        async with asyncio.timeout(STUCK_S):
            await writer.drain()
