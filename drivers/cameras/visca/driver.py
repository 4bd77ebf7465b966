"""A VISCA camera as a Camera: told to turn to a stored position, believed when it says twice that it stands still."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from devices.cameras import CAMERA_PROPERTIES, ViewChanged, ViewShown
from devices.describe import Property
from devices.errors import DeviceBusy, DeviceFault, DeviceOffline, WishRejected
from drivers.cameras.visca import wire
from drivers.commissioning import Said, answers
from drivers.line import Line
from drivers.link import Link, Port

ABOUT = "VISCA camera that turns and zooms (serial; raw VISCA on TCP port 5678)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (answers(Said("波特率（baud）", "its speed (baud)"), [{"baud": 9600}, {"baud": 38400}]),)
LOOKS = 5
"""A position is believed when two of so many looks agree, one after the other."""

Position = tuple[int, int]


class Config(BaseModel):
    """One camera."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Line speed; 38400 on some.")
    camera: int = Field(default=1, ge=1, le=7, description="Its place in the chain; over TCP always 1.")
    views: dict[str, int] = Field(
        default={"wide": 0, "bench": 1},
        min_length=1,
        description="Views by name, [a-z0-9-]: the number of the position that is stored in the camera, 0 to 254.",
    )
    slack: int = Field(default=8, ge=0, le=200, description="Steps by which a camera at rest may be off its view.")
    timeout_s: float = Field(default=1.0, gt=0, le=10, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question, or a command, is tried.")
    move_s: float = Field(default=8.0, gt=0, le=10, description="Seconds it may take to turn.")
    settle_s: float = Field(default=0.5, ge=0, le=5, description="Seconds between two looks whether it stands still.")
    poll_s: float = Field(default=5.0, gt=0, le=60, description="Seconds between looks at rest.")


def line(link: Link, config: Config) -> Line[wire.Frame]:
    """The line of the camera's port."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s)


class Device:
    """One camera."""

    properties: Mapping[str, Property] = CAMERA_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Frame]) -> None:
        self.views: Sequence[str] = tuple(config.views)
        self._config = config
        self._line = line
        self._turn = asyncio.Lock()
        self._stirred = asyncio.Event()
        self._shown: tuple[str, Position] | None = None

    async def show(self, view: str) -> ViewShown:
        """Turn it there; safe to repeat. Raises WishRejected, DeviceBusy, DeviceFault, DeviceOffline."""
        number = self._config.views.get(view)
        if number is None:
            raise WishRejected(f"no view {view!r}; there are {', '.join(self.views)}")
        async with self._turn:
            self._shown = None
            place = await self._turned(number)
            self._shown = view, place
            self._stirred.set()
            return ViewShown(view=view, pan=place[0], tilt=place[1])

    async def watch(self) -> AsyncIterator[ViewChanged]:
        """Where it looks once, then each change. Raises DeviceOffline when it is gone."""
        told: ViewChanged | None = None
        while True:
            self._stirred.clear()
            async with self._turn:
                now = ViewChanged(view=await self._view())
            if now != told:
                told = now
                yield now
            await self._line.pause(self._config.poll_s, self._stirred)

    async def _turned(self, number: int) -> Position:
        """Where it stands after it was told so twice with the same end, for a flipped bit names another position."""
        before: Position | None = None
        for _ in range(LOOKS):
            await self._told(number)
            place = await self._still()
            if before is not None and self._near(place, before):
                return place
            before = place
        raise DeviceFault("the camera ends elsewhere each time; does something block it?")

    async def _told(self, number: int) -> None:
        """It was understood, and done within its time or silent about it. Raises DeviceBusy, WishRejected."""
        is_done = asyncio.Event()
        command = wire.recall(self._config.camera, number).to_bytes()
        with self._line.listening(lambda heard: self._is_ours(heard) and heard.is_done, lambda _: is_done.set()):
            answer = await self._line.ask(command, self._obeys, tries=self._config.tries)
            if answer.refusal == wire.SYNTAX:
                raise WishRejected(f"the camera has no stored position {number}")
            if answer.refusal is not None:
                why = wire.REFUSALS[answer.refusal]
                raise DeviceBusy(f"the camera does not turn now ({why}); is it in standby, or its menu open?")
            if not answer.is_done:
                await self._line.pause(self._config.move_s, is_done)

    async def _still(self) -> Position:
        """Where it stands once two looks agree, `settle_s` apart. Raises DeviceFault if it does not come to rest."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._config.move_s
        before = await self._position()
        while True:
            await self._line.pause(self._config.settle_s)
            now = await self._position()
            if now == before:
                return now
            before = now
            if loop.time() > until and self._config.settle_s:
                raise DeviceFault("the camera does not come to rest; does something block it?")

    async def _view(self) -> str | None:
        """The view that was shown last if it still stands there, by two looks that agree if it seems not to."""
        before = await self._position()
        for _ in range(LOOKS):
            if self._stands(before):
                return self._shown[0] if self._shown else None
            now = await self._position()
            if now == before:
                break
            before = now
        self._shown = None
        return None

    def _stands(self, position: Position) -> bool:
        return self._shown is None or self._near(position, self._shown[1])

    def _near(self, one: Position, other: Position) -> bool:
        return all(abs(here - there) <= self._config.slack for here, there in zip(one, other, strict=True))

    async def _position(self) -> Position:
        question = wire.ask_position(self._config.camera).to_bytes()
        answer = await self._line.ask(
            question, lambda heard: self._is_ours(heard) and heard.position is not None, tries=self._config.tries
        )
        if answer.position is None:
            raise DeviceOffline(f"{self._line.link.name}: no position")
        return answer.position

    def _obeys(self, heard: wire.Frame) -> bool:
        return self._is_ours(heard) and (heard.is_taken or heard.is_done or heard.refusal is not None)

    def _is_ours(self, heard: wire.Frame) -> bool:
        return heard.camera == self._config.camera
