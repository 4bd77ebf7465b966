"""The recogniser needs no device to be emulated: under `--simulate` it works with the model that comes along."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.hands import Hand
from drivers.speech.vosk.driver import BUNDLED


class Stage:
    """The model that comes along."""

    def __init__(self, settings: Mapping[str, Any], folder: Path) -> None:
        self._plugged = False

    async def plug(self) -> str:
        """Gives that model's name."""
        self._plugged = True
        return BUNDLED

    async def unplug(self) -> None:
        """A model that is loaded stays so until its gateway ends."""
        self._plugged = False

    def look(self) -> dict[str, Any]:
        """Which model."""
        return {"model": BUNDLED}

    def hands(self) -> Mapping[str, Hand]:
        """There is nothing to push."""
        return {}
