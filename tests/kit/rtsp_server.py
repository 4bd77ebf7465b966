"""An encoder on the network: the sound of `rtp_source` by RTSP over one TCP connection (RFC 2326, 10.12)."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.kit.rtp_source import described, packet

_PACE_S = 0.01


@asynccontextmanager
async def rtsp_server() -> AsyncIterator[str]:
    """Its URL."""
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(_talk(reader, writer))
        talks.add(talk)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/table"
    finally:
        server.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    playing: asyncio.Task[None] | None = None
    try:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                asked = (await reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
                writer.write(_answer(asked))
                await writer.drain()
                if "PLAY " in asked:
                    playing = asyncio.create_task(_play(writer))
    finally:
        if playing:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        writer.transport.abort()  # who listened may be gone, and would never take what still waits
        with suppress(OSError):
            await writer.wait_closed()


def _answer(asked: str) -> bytes:
    number = re.search(r"CSeq: *(\d+)", asked)
    head = f"RTSP/1.0 200 OK\r\nCSeq: {number[1] if number else 0}\r\nSession: 1\r\n"
    if "DESCRIBE " in asked:
        body = f"{described(0)}a=control:sound\n"
        return f"{head}Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    if "SETUP " in asked:
        head += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
    return f"{head}Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n".encode()


async def _play(writer: asyncio.StreamWriter) -> None:
    """Send until cancelled; a frame says how long its packet is."""
    number = 0
    while True:
        told = packet(number)
        writer.write(b"$\0" + len(told).to_bytes(2) + told)
        await writer.drain()
        await asyncio.sleep(_PACE_S)
        number += 1
