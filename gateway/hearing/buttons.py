"""The clerk's buttons: contacts at the inputs of a relay board, which do what the clerk's wishes do, network or not.

A board tells of doors. A button at rest is a shut door and a pressed one an open door; it is not told as a door, for
one that nobody asked to open is an alarm. A button that is found pressed was pressed before, and does nothing.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from devices.errors import DeviceError, WishRejected
from devices.hearings import ButtonPressed, ButtonRefused, By
from devices.locks import DoorChanged
from devices.messages import Fact
from devices.procedure import HearingState, PauseReason
from gateway.config import ButtonSettings
from gateway.wishes import why_of

log = logging.getLogger(__name__)

_LONGEST_DETAIL = 300
Tell = Callable[[Fact], Awaitable[None]]


class Courtroom(Protocol):
    """What a button moves; each act raises a DeviceError that says why it cannot be now."""

    def at_hand(self) -> tuple[str, HearingState] | None:
        """The hearing that is open or, if there is none, the next that is due, and how it stands."""
        ...

    async def open(self, hearing: str, by: By) -> None:
        """Open it."""
        ...

    async def pause(self, hearing: str, reason: PauseReason, by: By) -> None:
        """Pause it."""
        ...

    async def resume(self, hearing: str, by: By) -> None:
        """Go on."""
        ...

    async def close(self, hearing: str, by: By) -> None:
        """Close it."""
        ...


class Buttons:
    """The buttons of one courtroom; a Station of the bench."""

    def __init__(self, settings: Mapping[str, ButtonSettings], courtroom: Courtroom, tell: Tell) -> None:
        self._settings = settings
        self._names = {(button.device, button.cell): name for name, button in settings.items()}
        self._courtroom = courtroom
        self._tell = tell

    async def takes(self, device: str, fact: Fact) -> bool:
        """A door that is a button is ours."""
        name = self._names.get((device, fact.cell)) if isinstance(fact, DoorChanged) else None
        if name is None or not isinstance(fact, DoorChanged):
            return False
        if fact.door == "open" and not fact.found:
            await self._pressed(name)
        return True

    def heard(self, device: str, fact: Fact) -> None:
        """Nothing else concerns buttons."""

    async def _pressed(self, name: str) -> None:
        button = self._settings[name]
        await self._tell(ButtonPressed(button=name, does=button.does))
        try:
            await self._do(button)
        except DeviceError as error:
            log.warning("button %s is not obeyed: %s", name, error)
            await self._tell(ButtonRefused(button=name, why=why_of(error), detail=str(error)[:_LONGEST_DETAIL]))

    async def _do(self, button: ButtonSettings) -> None:
        found = self._courtroom.at_hand()
        if found is None:
            raise WishRejected("no hearing is open and none is due")
        hearing, state = found
        match button.does:
            case "start" if state == "paused":
                await self._courtroom.resume(hearing, "button")
            case "start":
                await self._courtroom.open(hearing, "button")
            case "pause":
                await self._courtroom.pause(hearing, button.reason, "button")
            case "stop":
                await self._courtroom.close(hearing, "button")
