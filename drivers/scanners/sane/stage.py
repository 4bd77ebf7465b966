"""A scanner in software behind the real libsane, in a SANE configuration of its own.

A feeder full of paper is an eSCL scanner on the loopback behind the real airscan backend. A file whose port names
one of SANE's own `test` or `pnm` devices gets that one.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.escl_feeder import Feeder, read_pile
from drivers.hands import Hand
from drivers.kept_port import LOOPBACK
from drivers.web_emulated import WebServer

NAME = "adf"
OWN = re.compile(r"sane:((?:test|pnm):\d+)")
_TEST = "number_of_devices 2\nmode Gray\ngeometry_max 300.0\n"
"""As delivered, geometry_max is 200: no A4."""


class Stage:
    """One scanner."""

    def __init__(self, settings: Mapping[str, Any], folder: Path) -> None:
        self._folder = folder.with_name(f"{folder.name}.sane".replace(":", "-"))  # SANE reads a list, parted by colons
        self._own = OWN.match(str(settings["port"]))
        self._plugged = False
        self.feeder = Feeder()
        self._server = WebServer(self.feeder)

    async def plug(self) -> str:
        """Appear; gives the device's name with the configuration in which it has it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._server.start()
        url = f"http://{LOOPBACK}:{self._server.port}/eSCL"
        told = f'[devices]\n"{NAME}" = {url}\n[options]\ndiscovery = disable\nws-discovery = off\n'
        (self._folder / "airscan.conf").write_text(told)
        (self._folder / "test.conf").write_text(_TEST)
        (self._folder / "dll.conf").write_text("test\npnm\n" if self._own else "airscan\n")
        self._plugged = True
        device = self._own[1] if self._own else f"airscan:e0:{NAME}"
        return f"sane:{device}@{self._folder.absolute()}"

    async def unplug(self) -> None:
        """Vanish. SANE's own devices stay until their worker ends."""
        self._plugged = False
        self._server.stop()
        (self._folder / "dll.conf").write_text("")

    def look(self) -> dict[str, Any]:
        """How it stands."""
        return {"plugged": self._plugged} if self._own else {"plugged": self._plugged, **self.feeder.look()}

    def hands(self) -> Mapping[str, Hand]:
        """Paper and what happens to it."""
        if self._own:
            return {}
        return {"put_in": Hand("放入文件夹里的纸张", self._put_in, {"folder": "str"}), **self.feeder.hands()}

    def _put_in(self, folder: str) -> None:
        self.feeder.put_in(read_pile(Path(folder)))
