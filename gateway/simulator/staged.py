"""A device emulated behind its library: no wire of ours to see, and no weather but the plug."""

from collections.abc import Mapping

from drivers.weather import Weather
from gateway.catalogue import Stage
from gateway.simulator.cables import Wire


class Staged:
    """The face of a `Cable` for a `Stage`: the emulators' page shows both alike."""

    def __init__(self, name: str, stage: Stage) -> None:
        self.emulators: Mapping[str, Stage] = {name: stage}
        self.weather = Weather()
        self.wire = Wire()
        self.plugged = False
        self._stage = stage

    async def plug(self) -> str:
        """Start it, or put it back; gives its port."""
        port = await self._stage.plug()
        self.plugged = True
        return port

    async def unplug(self) -> None:
        """Pull it."""
        self.plugged = False
        await self._stage.unplug()

    def tick(self) -> None:
        """It acts by itself."""
