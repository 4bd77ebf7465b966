"""An eSCL scanner in software: real HTTP on the loopback, and real mDNS there if it is to be found by its name."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from drivers.escl_feeder import Feeder, read_pile
from drivers.hands import Hand
from drivers.kept_port import LOOPBACK
from drivers.scanners.escl.found import PORT, SERVICE
from drivers.web_emulated import WebServer


class Stage:
    """One scanner."""

    def __init__(self, settings: Mapping[str, Any], folder: Path) -> None:
        named = PORT.fullmatch(str(settings["port"]))
        self._name = named[1] if named else ""
        self._plugged = False
        self._voice: AsyncZeroconf | None = None
        self.feeder = Feeder()
        self._server = WebServer(self.feeder)

    async def plug(self) -> str:
        """Appear; gives its address, or its name with the port behind it, for many a box has a scanner of that name."""
        self._server.start()
        self._plugged = True
        if not self._name:
            return f"http://{LOOPBACK}:{self._server.port}/eSCL"
        name = f"{self._name} {self._server.port}"
        if self._voice is None:
            self._voice = AsyncZeroconf(interfaces=[LOOPBACK], ip_version=IPVersion.V4Only)
            await (await self._voice.async_register_service(self._told(name)))
        return f"mdns:{name}@{LOOPBACK}"

    async def unplug(self) -> None:
        """Vanish."""
        self._plugged = False
        if self._voice is not None:
            await self._voice.async_unregister_all_services()
            await self._voice.async_close()
            self._voice = None
        self._server.stop()

    def look(self) -> dict[str, Any]:
        """How it stands."""
        return {"plugged": self._plugged, **self.feeder.look()}

    def hands(self) -> Mapping[str, Hand]:
        """Paper and what happens to it."""
        return {"put_in": Hand("放入文件夹里的纸张", self._put_in, {"folder": "str"}), **self.feeder.hands()}

    def _put_in(self, folder: str) -> None:
        self.feeder.put_in(read_pile(Path(folder)))

    def _told(self, name: str) -> AsyncServiceInfo:
        return AsyncServiceInfo(
            SERVICE,
            f"{name}.{SERVICE}",
            addresses=[socket.inet_aton(LOOPBACK)],
            port=self._server.port,
            properties={"txtvers": "1", "ty": self._name, "rs": "eSCL", "is": "platen,adf", "duplex": "T"},
            server=f"courtside-{self._server.port}.local.",
        )
