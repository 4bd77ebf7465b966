"""A configuration of central is tried, proven and kept; or the last good one comes back by itself, and says why."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from devices.box import GATEWAY, ConfigKept, ConfigRefused, ConfigTried
from devices.messages import Fact
from gateway.bench import Bench
from gateway.config import GatewayConfig, parse
from gateway.config_text import BadConfig
from gateway.documents import Documents
from gateway.floor import Floor, differing
from gateway.kept_config import KeptConfig, Start
from gateway.supervise import Up

log = logging.getLogger(__name__)

CONFIG = "config"
"""The document that is the configuration."""
LAST_S = 20.0
"""A start that lasted so long is a good one, though a device be missing."""
SAFE_S = 900.0
"""Safe mode ends after that, for one start in earnest."""
_LONGEST_WHY = 600


@dataclass(frozen=True)
class Box:
    """What this box brings along: its own file, and where emulators stand in for its ports."""

    own: GatewayConfig
    ports: Mapping[str, str]
    kept: KeptConfig

    def read(self, text: str) -> GatewayConfig:
        """The configuration that text is on this box. Raises BadConfig."""
        return parse(CONFIG, text, self.own.top).moved(self.ports)

    def begin(self) -> tuple[Start, GatewayConfig]:
        """What this start is to be, counted as one start more. Raises OSError."""
        start = self.kept.begin()
        if start.safe:
            log.error("started in vain again and again: only the link runs, until another configuration comes")
            bare = self.own.top.model_copy(update={"devices": {}, "stations": type(self.own.top.stations)()})
            return start, GatewayConfig(bare, {})
        try:
            return start, self.read(start.text) if start.text else self.own.moved(self.ports)
        except BadConfig as bad:  # the software is another than the one that kept it
            log.error("the configuration kept cannot be read any more, the box's own file is used: %s", bad)
            return replace(start, text=None, version=0), self.own.moved(self.ports)


class Trial:
    """Follows the document `config` on this box."""

    def __init__(self, box: Box, floor: Floor, bench: Bench) -> None:
        self._box = box
        self._floor = floor
        self._bench = bench
        self._settling: asyncio.Task[None] | None = None

    async def run(self, start: Start, documents: Documents, up: Up) -> None:
        """See the start to its end, then take each newer configuration, until cancelled. Raises OSError."""
        await up()
        if start.given_up is not None:
            why = "the gateway ended again and again while it ran"
            await self._tell(ConfigRefused(version=start.given_up, why=why, devices=self._kinds()))
        if start.on_trial:
            await self._prove(start.version, frozenset())
        async with asyncio.TaskGroup() as group:
            if not start.on_trial:
                self._settling = group.create_task(self._leave_safe_mode() if start.safe else self._last())
            async for content in documents.watch(CONFIG):
                listed = documents.listed(CONFIG)
                if listed is None or listed.sha256 != hashlib.sha256(content).hexdigest():
                    continue  # a newer one is on its way
                if listed.version > self._box.kept.settled:
                    await self._try(listed.version, content)

    async def _last(self) -> None:
        """It brought up every device, or ran long enough: whatever ends the box now, this did not."""
        await self._bench.missing(self._floor.config.devices.keys(), LAST_S)
        await asyncio.to_thread(self._box.kept.lasted)

    async def _leave_safe_mode(self) -> None:
        """What ended it may have been the mains: try again now and then."""
        await asyncio.sleep(SAFE_S)
        await asyncio.to_thread(self._box.kept.once_more)
        await self._floor.become(self._last_good())
        await self._last()

    async def _try(self, version: int, content: bytes) -> None:
        try:
            text = content.decode()
            config = self._box.read(text)
        except (BadConfig, UnicodeDecodeError) as bad:
            await self._refuse(version, str(bad))
            return
        await self._bench.undisturbed()
        if self._settling is not None:
            self._settling.cancel()
        before = self._floor.config
        gone = before.devices.keys() - self._bench.reached_names
        excused = frozenset(gone - differing(before.devices, config.devices))
        await asyncio.to_thread(self._box.kept.tries, version, text)
        await self._tell(ConfigTried(version=version))
        log.info("configuration %d is tried", version)
        await self._floor.become(config)
        await self._prove(version, excused)

    async def _prove(self, version: int, excused: frozenset[str]) -> None:
        """Keep it if every device is back in time, but for those that were gone before for reasons of their own."""
        config = self._floor.config
        missing = await self._bench.missing(config.devices.keys() - excused, config.top.prove_s)
        if missing:
            seconds = round(config.top.prove_s)
            await self._give_back(version, f"not back within {seconds} s: {', '.join(sorted(missing))}")
            return
        await self._tell(ConfigKept(version=version, devices=self._kinds()))
        await asyncio.to_thread(self._box.kept.keep)
        log.info("configuration %d is kept", version)

    async def _give_back(self, version: int, why: str) -> None:
        await self._floor.become(self._last_good())
        await self._refuse(version, why)

    def _last_good(self) -> GatewayConfig:
        text = self._box.kept.kept_text()
        try:
            return self._box.read(text) if text else self._box.own.moved(self._box.ports)
        except BadConfig:
            return self._box.own.moved(self._box.ports)

    def _kinds(self) -> dict[str, str]:
        return {name: device.product.name for name, device in self._floor.config.devices.items()}

    async def _tell(self, fact: Fact) -> None:
        await self._bench.record(GATEWAY, fact)

    async def _refuse(self, version: int, why: str) -> None:
        log.warning("configuration %d is refused: %s", version, why)
        await self._tell(ConfigRefused(version=version, why=why[:_LONGEST_WHY], devices=self._kinds()))
        await asyncio.to_thread(self._box.kept.refuse, version)
