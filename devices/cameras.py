"""Cameras that turn and zoom: which of their stored views they show, by their own word."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar, Protocol

from pydantic import Field

from devices.describe import Property
from devices.messages import Fact, Fetch, Wish


class ViewChanged(Fact):
    """The camera stands in a stored view, or elsewhere: nobody knows, or somebody turned it by hand or remote."""

    view: str | None = None

    def state(self) -> tuple[str, str]:
        """The lasting state of where it looks."""
        return "view", self.view or "elsewhere"


class ViewShown(Fact):
    """The camera was told to show that view and stands still since, as it says itself."""

    view: str
    pan: int
    tilt: int
    """In the camera's own steps; right and up are positive."""


class ShowView(Wish):
    """Turn a camera to one of its stored views."""

    kind: ClassVar[str] = "cameras"
    patience_s: ClassVar[float] = 60.0

    view: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    """By the name it has in the gateway's file."""

    def answered_by(self, fact: Fact) -> bool:
        """The camera stands still there."""
        return isinstance(fact, ViewShown) and fact.view == self.view

    async def put_to(self, device: "Camera", fetch: Fetch) -> Fact:
        """Turn it. Raises WishRejected (no such view), DeviceBusy, DeviceFault, DeviceOffline."""
        return await device.show(self.view)


class Camera(Protocol):
    """A camera with stored views."""

    views: Sequence[str]

    async def show(self, view: str) -> ViewShown:
        """Turn it there; safe to repeat. Raises WishRejected, DeviceBusy (not now), DeviceFault, DeviceOffline."""

    def watch(self) -> AsyncIterator[ViewChanged]:
        """Where it looks once, then each change. Raises DeviceOffline when it is gone."""


CAMERA_PROPERTIES: Mapping[str, Property] = {"view": Property(name="View", datatype="string")}
