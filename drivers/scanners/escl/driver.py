"""A network scanner as a Scanner: eSCL over HTTP, a page fetched when it is asked for."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Self, TypeVar
from urllib.parse import urljoin, urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.errors import DeviceBusy, DeviceFault, DeviceOffline, WishRejected
from devices.scanners import (
    SCANNER_PROPERTIES,
    Ending,
    Page,
    ScannerButton,
    ScannerChanged,
    ScanOption,
    ScanSettings,
    ScanStopped,
)
from drivers.pinned import Fingerprint
from drivers.scan_option import ASKED, checked
from drivers.scanners.escl import documents as xml
from drivers.scanners.escl.found import url_of
from drivers.web import Answer, Web

ABOUT = "Network scanners by eSCL (AirScan, Mopria), by address or by the name they tell (mDNS)"
VERIFIED = False
TRANSPORTS = ("http", "https")
COMMISSIONING = ASKED
LOOKS = 3
"""What the feeder says lags by a second: so often it is looked at before an ending is believed (devices.md 8b)."""
MOST_LOOK_S = 1.0
_WARMING = 503
_REFUSED = 409
_NO_MORE = (404, 410)
_BAD_SETTINGS = 400

T = TypeVar("T")


class Config(BaseModel):
    """Settings of one scanner."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str = Field(
        pattern=r"^(https?://[!-.0-9;-~]+(:[0-9]{1,5})?(/[!-~]*)?|mdns:[^@]+(@[0-9.]+)?)$",
        description="http://HOST:PORT/eSCL, https:// where the scanner has a certificate, or mdns:NAME as the scanner "
        "tells it; mdns:NAME@ADDRESS looks for it only at the box's interface of that address.",
    )
    roots: str | None = Field(
        default=None, description="PEM file of who signed the scanner's certificate, for https; else the system's."
    )
    fingerprint: Fingerprint = ""
    width_mm: float = Field(default=210, gt=10, le=500, description="Width of what is scanned.")
    height_mm: float = Field(default=297, gt=10, le=5000, description="Length of what is scanned.")
    timeout_s: float = Field(default=10, gt=0, le=60, description="Seconds to wait for an answer that is no page.")
    page_s: float = Field(default=90, gt=0, le=600, description="Seconds a page may take before the scanner is gone.")
    start_s: float = Field(default=30, gt=0, le=300, description="Seconds a scanner may take to wake up.")
    look_s: float = Field(default=2, gt=0, le=60, description="Seconds between looks at the feeder while it rests.")
    find_s: float = Field(default=5, gt=0, le=60, description="Seconds within which a name has to be found by mDNS.")

    @model_validator(mode="after")
    def _certificates_are_for_https(self) -> Self:
        if (self.roots or self.fingerprint) and not self.port.startswith("https://"):
            raise ValueError(
                "`roots` and `fingerprint` are for https:// only; by any other port no certificate is asked"
            )
        return self


async def hold(config: Config) -> Web:
    """The way to that scanner. Raises DeviceOffline if nobody tells its name, or `roots` cannot be read."""
    is_address = config.port.startswith("http")
    url = config.port if is_address else await url_of(config.port, config.find_s)
    return Web(url, config.timeout_s, config.roots, config.fingerprint)


class Device:
    """One scanner."""

    properties = SCANNER_PROPERTIES

    def __init__(self, config: Config, web: Web) -> None:
        self._config = config
        self._web = web
        self._batch = asyncio.Lock()

    async def watch(self) -> AsyncIterator[ScannerChanged | ScannerButton]:
        """The state, then each change; while it scans nothing is asked of it. Raises DeviceFault if this is no eSCL."""
        last: ScannerChanged | None = None
        while True:
            if not self._batch.locked():
                status = await self._status()
                state = ScannerChanged(feeder=status.feeder, trouble=status.trouble)
                if state != last:
                    last = state
                    yield state
            await self._web.pause(self._config.look_s)

    async def options(self) -> tuple[ScanOption, ...]:
        """As the device describes itself now."""
        has = await self._capabilities()
        modes = tuple(name for name, theirs in xml.COLOR_MODES.items() if theirs in _modes(has))
        source = ScanOption(name="source", title="Source", type="text", choices=tuple(has.inputs))
        mode = ScanOption(name="mode", title="Mode", type="text", choices=modes)
        return (source, mode, *map(_resolution, [next(iter(has.inputs.values()))]), *has.options())

    async def scan(self, settings: ScanSettings) -> AsyncIterator[Page]:
        """Each page, fetched when it is asked for."""
        async with self._batch:
            job, sides, over = await self._begun(settings), 0, False
            try:
                while (image := await self._next(job, settings, sides)) is not None:
                    duplex = settings.source == "feeder_duplex"
                    width, height = _size(image)
                    yield Page(image, "jpeg", width, height, "back" if duplex and sides % 2 else "front")
                    sides += 1
                over = True
            finally:
                if not over:
                    with suppress(DeviceOffline):
                        await self._web.ask("DELETE", job)

    async def _begun(self, settings: ScanSettings) -> str:
        """Start a job; gives its path. Raises WishRejected, DeviceBusy, DeviceFault, DeviceOffline, ScanStopped."""
        body = xml.job_of(self._wanted(await self._capabilities(), settings))
        for _ in range(self._tries(self._config.start_s)):
            answer = await self._web.ask("POST", "/ScanJobs", body, kind="text/xml")
            if answer.status == 201 and answer.location:
                return self._path(answer.location)
            if answer.status == _BAD_SETTINGS:
                raise WishRejected("the scanner refuses these settings together")
            if answer.status not in (_WARMING, _REFUSED):
                raise DeviceFault(f"the scanner starts no job, it answers {answer.status}")
            if settings.source != "flatbed":
                status = await self._status()
                self._stop_for(status)
                if status.feeder == "empty":
                    raise ScanStopped("out_of_paper", "the feeder is empty")
            await self._rest()
        raise DeviceBusy(f"the scanner does something else, it answers {answer.status}")

    def _wanted(self, has: xml.Capabilities, settings: ScanSettings) -> xml.Job:
        """The job as this scanner can do it. Raises WishRejected."""
        one = has.inputs.get(settings.source)
        if one is None:
            raise WishRejected(f"it has no {settings.source}; it has {', '.join(has.inputs)}")
        mode = xml.COLOR_MODES.get(settings.mode)
        if mode not in one.modes:
            modes = [name for name, theirs in xml.COLOR_MODES.items() if theirs in one.modes]
            raise WishRejected(f"it cannot scan {settings.mode}; it has {', '.join(modes)}")
        checked(_resolution(one), settings.resolution)
        known = {option.name: option for option in has.options()}
        for name in settings.options:
            if name not in known:
                raise WishRejected(f"this scanner has no setting {name!r}; it has {', '.join(known) or 'none'}")
        own = {name: checked(known[name], value) for name, value in settings.options.items()}
        paper = (self._config.width_mm, self._config.height_mm)
        size = [round(mm * xml.UNITS_PER_MM) for mm in paper]
        within = [min(wanted, most) if most else wanted for wanted, most in zip(size, one.size, strict=True)]
        return xml.Job(settings.source, mode or "", settings.resolution, (within[0], within[1]), has.version, own)

    async def _next(self, job: str, settings: ScanSettings, sides: int) -> bytes | None:
        """The next side, None after the last. Raises ScanStopped."""
        if settings.source == "flatbed" and sides:
            return None
        for _ in range(self._tries(self._config.page_s)):
            answer = await self._page(job)
            if answer.status == 200:
                return answer.body
            if settings.source == "flatbed" and answer.status != _WARMING:
                raise ScanStopped("fault", f"the scanner gives no page, it answers {answer.status}")
            if answer.status in _NO_MORE:
                if await self._is_over(sides):
                    return None
            elif answer.status == _WARMING:
                self._stop_for(await self._asked())
                await self._rest()
            else:
                await self._why(answer.status)
        raise ScanStopped("fault", f"no page within {self._config.page_s:g} s")

    async def _page(self, job: str) -> Answer:
        try:
            return await self._web.ask("GET", f"{job}/NextDocument", timeout_s=self._config.page_s)
        except DeviceOffline as error:
            await self._asked()
            raise ScanStopped("truncated", str(error)) from error

    async def _is_over(self, sides: int) -> bool:
        """Whether every sheet was fed; some say too early that none is left. Raises ScanStopped."""
        for _ in range(LOOKS):
            status = await self._asked()
            self._stop_for(status)
            if status.feeder == "empty":
                break
            if status.feeder == "loaded" and status.state == "Processing":
                await self._rest()
                return False
            await self._rest()
        else:
            if status.feeder == "loaded":
                raise ScanStopped("fault", "the scanner ends with paper in its feeder; scan what is left")
        if not sides:
            raise ScanStopped("out_of_paper", "the feeder is empty")
        return True

    async def _why(self, status_code: int) -> None:
        """Find out why there is no page. Raises ScanStopped."""
        for _ in range(LOOKS):
            self._stop_for(await self._asked())
            await self._rest()
        raise ScanStopped("fault", f"the scanner gives no page, it answers {status_code}")

    async def _asked(self) -> xml.Status:
        """How it stands in the middle of a batch. Raises ScanStopped if it is gone."""
        try:
            return await self._status()
        except DeviceOffline as error:
            self._web.lose()
            raise ScanStopped("gone", str(error)) from error

    def _stop_for(self, status: xml.Status) -> None:
        endings: dict[str, Ending] = {"jam": "jam", "double_feed": "double_feed", "cover_open": "cover_open"}
        if status.trouble != "none":
            raise ScanStopped(endings.get(status.trouble, "fault"), f"the scanner says {status.adf or status.state}")

    async def _status(self) -> xml.Status:
        return await self._told("/ScannerStatus", xml.status_of)

    async def _capabilities(self) -> xml.Capabilities:
        return await self._told("/ScannerCapabilities", xml.capabilities_of)

    async def _told(self, path: str, reading: Callable[[bytes], T]) -> T:
        """A document of it. Raises DeviceFault if it speaks no eSCL there, DeviceOffline."""
        answer = await self._web.ask("GET", path)
        if answer.status == _WARMING:
            raise DeviceOffline(f"{self._web.url} is not ready")
        try:
            if answer.status == 200:
                return reading(answer.body)
            said = f"answer {answer.status}"
        except xml.NotEscl as error:
            said = str(error)
        raise DeviceFault(f"{self._web.url}{path} is no eSCL: {said}")

    def _path(self, location: str) -> str:
        """Of a job, from where the scanner's own paths begin; the host in it is often wrong, so it is passed over."""
        root = urlsplit(self._web.url).path
        return urlsplit(urljoin(f"{root}/", location)).path.removeprefix(root).rstrip("/")

    def _tries(self, seconds: float) -> int:
        return max(1, math.ceil(seconds / self._rest_s))

    @property
    def _rest_s(self) -> float:
        return min(MOST_LOOK_S, self._config.look_s)

    async def _rest(self) -> None:
        await self._web.pause(self._rest_s)


def _size(image: bytes) -> tuple[int, int]:
    try:
        return xml.jpeg_size(image)
    except xml.NotEscl as error:
        raise ScanStopped("truncated", f"the scanner gave {error}") from error


def _modes(has: xml.Capabilities) -> set[str]:
    return {mode for one in has.inputs.values() for mode in one.modes}


def _resolution(one: xml.Input) -> ScanOption:
    if one.ranged:
        least, most = one.resolutions
        return ScanOption(name="resolution", title="Resolution", type="integer", unit="dpi", least=least, most=most)
    return ScanOption(name="resolution", title="Resolution", type="integer", unit="dpi", choices=one.resolutions)
