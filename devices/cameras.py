"""Cameras: which stored view one that turns shows, by its own word; and whether there is anything in a picture."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar, Literal, Protocol, runtime_checkable

from pydantic import Field

from devices.describe import Property
from devices.errors import WishRejected
from devices.messages import Fact, Fetch, Wish


class ViewChanged(Fact):
    """The camera stands in a stored view, or elsewhere: nobody knows, or somebody turned it by hand or remote."""

    view: str | None = None

    def state(self) -> tuple[str, str]:
        """The lasting state of where it looks."""
        return "view", self.view or "elsewhere"


class PictureSeen(Fact):
    """A picture comes, so many pixels large: alive, with nothing in it, or the same as at the look before.

    Nothing is in it if it is dark or of one colour; `in_use`: another program has the camera, and nobody can look.
    The picture itself stays where it is.
    """

    picture: Literal["live", "nothing", "frozen", "in_use"]
    width: int = 0
    height: int = 0

    def state(self) -> tuple[str, str]:
        """How the picture is."""
        return "picture", self.picture


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
        """Turn it. Raises WishRejected (no such view, or it does not turn), DeviceBusy, DeviceFault, DeviceOffline."""
        if not isinstance(device, Camera):
            raise WishRejected("this camera does not turn")
        return await device.show(self.view)


@runtime_checkable
class Camera(Protocol):
    """A camera with stored views."""

    views: Sequence[str]

    async def show(self, view: str) -> ViewShown:
        """Turn it there; safe to repeat. Raises WishRejected, DeviceBusy (not now), DeviceFault, DeviceOffline."""

    def watch(self) -> AsyncIterator[ViewChanged]:
        """Where it looks once, then each change. Raises DeviceOffline when it is gone."""


class PictureSource(Protocol):
    """A camera whose picture is looked at now and then."""

    def watch(self) -> AsyncIterator[PictureSeen]:
        """How its picture is once, then each change. Raises DeviceOffline when none comes, DeviceFault (settings)."""


CAMERA_PROPERTIES: Mapping[str, Property] = {"view": Property(name="View", datatype="string")}
PICTURE_PROPERTIES: Mapping[str, Property] = {
    "picture": Property(name="Picture", datatype="enum", format="live,nothing,frozen,in_use")
}
"""Cameras whose picture is looked at."""
