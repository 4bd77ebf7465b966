"""Links over a real pty and a real TCP connection: bytes both ways, unplugged, plugged in again."""

import asyncio
import os
import pty
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from devices.errors import DeviceOffline
from drivers import link as links
from drivers import stuck
from drivers.link import Link, open_link

BIG = bytes(range(256)) * 2000


class Socket:
    """A serial port to plug devices into: a stable name that points to a new pty each time."""

    def __init__(self, folder: Path) -> None:
        self.port = str(folder / "by-id-board")
        self.far = self._near = -1
        self.plug()

    def plug(self) -> None:
        self.far, self._near = pty.openpty()
        tty.setraw(self.far)
        tty.setraw(self._near)
        Path(self.port).unlink(missing_ok=True)
        Path(self.port).symlink_to(os.ttyname(self._near))

    def unplug(self) -> None:
        os.close(self.far)
        os.close(self._near)


@pytest.fixture
def socket(tmp_path: Path) -> Socket:
    return Socket(tmp_path)


@asynccontextmanager
async def opened(port: str) -> AsyncIterator[Link]:
    link = await open_link(port, 19200)
    try:
        yield link
    finally:
        await link.close()


async def heard(link: Link, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += await link.read()
    return data


async def test_bytes_go_both_ways_over_a_serial_port(socket: Socket) -> None:
    async with opened(socket.port) as link:
        os.write(socket.far, b"\x00\x03\x11\x13\x0a\x0d\xff")
        assert await heard(link, 7) == b"\x00\x03\x11\x13\x0a\x0d\xff"
        await link.write(b"\x02\x00\x30\x03\x35")
        assert os.read(socket.far, 100) == b"\x02\x00\x30\x03\x35"
    socket.unplug()


async def test_more_than_the_kernel_holds_is_written_whole(socket: Socket) -> None:
    got = bytearray()
    whole = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hear() -> None:
        got.extend(os.read(socket.far, 65536))
        if len(got) >= len(BIG):
            whole.set()

    loop.add_reader(socket.far, hear)
    async with opened(socket.port) as link:
        await link.write(BIG)
        await whole.wait()
    loop.remove_reader(socket.far)
    assert bytes(got) == BIG
    socket.unplug()


async def test_a_serial_port_is_ours_alone(socket: Socket) -> None:
    async with opened(socket.port):
        with pytest.raises(DeviceOffline, match="cannot be opened"):
            await open_link(socket.port, 19200)
    socket.unplug()


async def test_an_unplugged_serial_port_is_offline_and_works_when_plugged_in_again(socket: Socket) -> None:
    async with opened(socket.port) as link:
        reading = asyncio.ensure_future(link.read())
        await asyncio.sleep(0)
        socket.unplug()
        with pytest.raises(DeviceOffline, match="is gone"):
            await reading
        with pytest.raises(DeviceOffline):
            await link.read()
        with pytest.raises(DeviceOffline):
            await link.write(b"x")
    with pytest.raises(DeviceOffline, match="cannot be opened"):
        await open_link(socket.port, 19200)
    socket.plug()
    async with opened(socket.port) as link:
        os.write(socket.far, b"back")
        assert await heard(link, 4) == b"back"
    socket.unplug()


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]]:
    callers: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    server = await asyncio.start_server(lambda reader, writer: callers.put_nowait((reader, writer)), "127.0.0.1", 0)
    async with server:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}", callers


async def test_bytes_go_both_ways_over_tcp_and_back_after_a_cut() -> None:
    async with listening() as (port, callers):
        async with opened(port) as link:
            reader, writer = await callers.get()
            writer.write(b"\x12")
            assert await heard(link, 1) == b"\x12"
            await link.write(b"\x10\x04\x01")
            assert await reader.readexactly(3) == b"\x10\x04\x01"
            writer.close()
            with pytest.raises(DeviceOffline, match="is gone"):
                await link.read()
        async with opened(port) as link:
            _, writer = await callers.get()
            writer.write(b"back")
            assert await heard(link, 4) == b"back"
            writer.close()


async def test_a_serial_port_that_takes_nothing_is_offline(socket: Socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck, "STUCK_S", 0.1)
    async with opened(socket.port) as link:
        with pytest.raises(DeviceOffline, match="is stuck"):
            await link.write(BIG)
    socket.unplug()


async def test_a_tcp_peer_that_takes_nothing_is_offline_and_the_job_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck, "STUCK_S", 0.1)
    async with listening() as (port, callers), opened(port) as link:
        reader, writer = await callers.get()
        with pytest.raises(DeviceOffline, match="is stuck"):
            await link.write(BIG * 40)
        with pytest.raises(DeviceOffline, match="is gone"):
            await link.write(b"the next job")
        came = await reader.read(-1)
        assert len(came) < len(BIG * 40)
        assert (BIG * 40).startswith(came)
        writer.close()


async def test_closing_a_connection_waits_no_longer_than_its_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "LAST_WORD_S", 0.1)
    async with listening() as (port, callers):
        link = await open_link(port, 19200)
        reader, writer = await callers.get()
        writing = asyncio.ensure_future(link.write(BIG * 40))
        await asyncio.wait({writing}, timeout=0.1)
        assert not writing.done()
        writing.cancel()
        await link.close()
        came = await reader.read(-1)
        assert len(came) < len(BIG * 40)
        assert (BIG * 40).startswith(came)
        writer.close()


async def test_a_tcp_port_where_nobody_listens_is_offline() -> None:
    async with listening() as (port, _):
        pass
    with pytest.raises(DeviceOffline, match="cannot be reached"):
        await open_link(port, 0)


async def test_closing_wakes_a_waiting_read_and_may_be_repeated(socket: Socket) -> None:
    async with listening() as (port, callers):
        for name in (socket.port, port):
            link = await open_link(name, 19200)
            reading = asyncio.ensure_future(link.read())
            await asyncio.sleep(0)
            await link.close()
            await link.close()
            with pytest.raises(DeviceOffline):
                await reading
            with pytest.raises(DeviceOffline):
                await link.write(b"x")
        (await callers.get())[1].close()
    socket.unplug()
