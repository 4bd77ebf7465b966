"""A camera's picture as a PictureSource: looked at now and then by ffmpeg, and kept nowhere."""

import asyncio
from collections.abc import AsyncIterator

from pydantic import BaseModel, ConfigDict, Field

from devices.cameras import PICTURE_PROPERTIES, PictureSeen
from devices.errors import DeviceBusy, DeviceOffline
from drivers.cameras.ffmpeg_picture.picture import PORT, Look, command, seen
from drivers.commissioning import Said, Step
from drivers.ffmpeg import ended, without_secret
from drivers.held import pause_until
from drivers.line import Counts

ABOUT = (
    "Cameras' pictures by ffmpeg: on this box (V4L2), RTSP, MJPEG by HTTP; live, frozen or nothing in it; kept nowhere"
)
VERIFIED = False
TRANSPORTS = ("v4l2", "rtsp", "http", "file")
COMMISSIONING = (
    Step(
        about=Said("看的是不是这台摄像机", "whether it is this camera that is looked at"),
        do=Said(
            "请用手盖住镜头，看到变化再放开。",
            "Cover the lens until that is seen.",
        ),
        learn=lambda tried, fact: {} if isinstance(fact, PictureSeen) and fact.picture == "nothing" else None,
        only_changes=True,
    ),
)


class Config(BaseModel):
    """Settings of one camera."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str = Field(
        pattern=PORT, description="v4l2:/dev/v4l/by-id/NAME, rtsp://HOST/PATH, http://HOST/PATH or file:FILE."
    )
    look_s: float = Field(default=10.0, gt=0, le=60, description="Seconds a look may take before the camera is gone.")
    poll_s: float = Field(
        default=60.0, gt=0, le=3600, description="Seconds between looks; for a second of each nobody else can open it."
    )


class Looker:
    """Starts an ffmpeg for each look, so that the camera is free for whoever wants it in between."""

    def __init__(self, config: Config) -> None:
        self.counts = Counts()
        self._config = config
        self._closed = asyncio.Event()

    async def look(self) -> Look:
        """What it shows now. Raises DeviceBusy if somebody else has it, DeviceOffline, DeviceFault."""
        port = self._config.port
        try:
            process = await asyncio.create_subprocess_exec(
                *command(port),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # the terminal's Ctrl-C is for the gateway alone
            )
        except OSError as error:
            raise DeviceOffline(f"ffmpeg cannot be started, install it: {error}") from error
        try:
            async with asyncio.timeout(self._config.look_s):
                pictures, words = await process.communicate()
        except TimeoutError:
            self.counts.timeouts += 1
            raise DeviceOffline(f"{without_secret(port)} gives no picture for {self._config.look_s:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        report = words.decode(errors="replace")
        if (look := seen(pictures, report)) is None:
            raise ended(port, report, "picture")
        return look

    async def pause(self, seconds: float) -> None:
        """Wait. Raises DeviceOffline as soon as it is let go."""
        await pause_until(self._closed, seconds, without_secret(self._config.port))

    async def close(self) -> None:
        """Let go; may be called twice."""
        self._closed.set()


async def hold(config: Config) -> Looker:
    """Whoever looks."""
    return Looker(config)


class Device:
    """One camera."""

    properties = PICTURE_PROPERTIES

    def __init__(self, config: Config, looker: Looker) -> None:
        self._poll_s = config.poll_s
        self._looker = looker

    async def watch(self) -> AsyncIterator[PictureSeen]:
        """How its picture is, then each change."""
        told: PictureSeen | None = None
        before = b""
        while True:
            try:
                look = await self._looker.look()
            except DeviceBusy:
                now = PictureSeen(picture="in_use")
            else:
                is_frozen, before = look.mark == before, look.mark
                picture = "nothing" if look.blank else "frozen" if is_frozen else "live"
                now = PictureSeen(picture=picture, width=look.width, height=look.height)
            if now != told:
                told = now
                yield now
            await self._looker.pause(self._poll_s)
