"""A USB socket in software: an emulated device as drivers/usb_emulated.py finds it, behind a Unix socket."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from drivers.usb_port import emulated, usb_port

PRINTER, HID = 0x07, 0x03


class Usb:
    """One device on a bus of its own. The socket lies in a folder of its own, for its path must be short."""

    def __init__(self, port: str, kind: str, heard: Callable[[bytes], None]) -> None:
        self._port = port
        self._class = PRINTER if kind == "printers" else HID
        self._heard = heard
        self._folder = Path(tempfile.gettempdir())
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def plug(self) -> str:
        """Listen, always under the same name."""
        if self._server is None:
            if self._folder == Path(tempfile.gettempdir()):
                self._folder = Path(tempfile.mkdtemp(prefix="courtside-usb-"))
            self._folder.mkdir(exist_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, self._folder / "usb")
        return emulated(self._port, str(self._folder / "usb"))

    async def unplug(self) -> None:
        """Cut every connection and listen no more."""
        if self._server is not None:
            server, self._server = self._server, None
            server.close()
            for connection in self._connections:
                connection.transport.abort()
            shutil.rmtree(self._folder, ignore_errors=True)

    def send(self, data: bytes) -> None:
        """Into its IN endpoint."""
        for connection in self._connections:
            connection.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = usb_port(self._port)
        told = {
            "vendor": port.vendor,
            "product": port.product,
            "serial": port.serial or "EMULATED",
            "interface_class": self._class,
        }
        try:
            writer.write(json.dumps(told).encode() + b"\n")
            self._connections.add(writer)
            while data := await reader.read(4096):
                self._heard(data)
        except OSError:
            return
        finally:
            self._connections.discard(writer)
            writer.close()
