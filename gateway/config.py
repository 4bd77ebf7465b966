"""A gateway's file: YAML read into checked models; an error names file, line and what to write instead."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from devices.procedure import ButtonAct, PauseReason
from devices.scan_settings import ScanSettings
from devices.topics import checked_gateway, checked_name
from gateway.catalogue import Product, Settings, UnknownDriver, product
from gateway.config_text import BadConfig, Source, Where
from gateway.hint import hint

_PRESS_S = 0.2
"""No press of a button is shorter."""
_PORT = Field(ge=0, le=65535, description="Port of the local display's page on 127.0.0.1; 0 takes a free one.")
_IDENTIFIER = Annotated[str, AfterValidator(checked_name)]


class LockerSettings(BaseModel):
    """A dossier locker: its banks of locks, the reader and the printer beside them, and its display."""

    # Built when first used: most that a box could say or be told, it never does, and it pays for each in memory.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    locks: tuple[str, ...] = Field(min_length=1, description="Devices whose doors belong to this locker.")
    reader: str | None = Field(default=None, description="Device at which permits are shown.")
    printer: str | None = Field(default=None, description="Device that prints a slip when a permit opened a cell.")
    left_open_s: float = Field(default=60, gt=0, description="Seconds after which an open door is told to central.")
    screen_port: Annotated[int | None, _PORT] = None


class SeatSettings(BaseModel):
    """Where a seat is heard."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    device: str = Field(description="Sound device of this seat.")
    channel: int = Field(default=1, ge=1, le=8, description="Its channel there, counted from 1.")


class ButtonSettings(BaseModel):
    """A button of the clerk: a contact at an input of a relay board, which reads as a door that opens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str = Field(description="The board, a device of locks; give it a `poll_s` of 0.2 or less.")
    cell: int = Field(ge=1, description="Its input there, counted as the board's cells.")
    does: ButtonAct = Field(description="`start` opens what is due and goes on after a pause; `pause`; `stop`.")
    reason: PauseReason = Field(default="adjournment", description="Why it pauses, by the rule.")


class CourtroomSettings(BaseModel):
    """A courtroom that records hearings."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    room: str = Field(description="The room's name on the agenda.")
    seats: dict[_IDENTIFIER, SeatSettings] = Field(min_length=1, description="Seats, each with its microphone.")
    recogniser: str | None = Field(default=None, description="Device that turns speech into words.")
    buttons: dict[_IDENTIFIER, ButtonSettings] = Field(default_factory=dict, description="Buttons of the clerk.")
    segment_s: float = Field(default=60, gt=0, le=600, description="Seconds of sound in a segment.")
    screen_port: Annotated[int | None, _PORT] = None
    arm_before_s: float = Field(default=900, gt=0, description="Seconds before the opening the self-test begins.")
    quiet_s: float = Field(
        default=120, gt=0, description="Seconds of silence after the planned end before a hearing closes by itself."
    )


class ScanningSettings(BaseModel):
    """A desk where paper is scanned."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    scanner: str = Field(description="The scanner on the desk.")
    presets: dict[_IDENTIFIER, ScanSettings] = Field(
        min_length=1,
        description="Ways to scan, by name: `source`, `mode`, `resolution`, and the scanner's own `options`.",
    )
    button_preset: str | None = Field(default=None, description="Preset for which the scanner's own button stands.")
    reader: str | None = Field(default=None, description="Device at which start sheets are shown.")


class Stations(BaseModel):
    """What behaves across devices even with the network down."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    locker: LockerSettings | None = Field(default=None, description="A dossier locker.")
    courtroom: CourtroomSettings | None = Field(default=None, description="A courtroom that records hearings.")
    scanning: ScanningSettings | None = Field(default=None, description="A desk where paper is scanned.")


class GatewayFile(BaseModel):
    """The top of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    gateway: Annotated[str, AfterValidator(checked_gateway)] = Field(description="This box's name, as enrolled.")
    court: _IDENTIFIER = Field(description="The court's name, as enrolled.")
    data: Path = Field(description="Folder of identity, journal and blobs, from the working directory.")
    rtc_healthy: bool = Field(default=False, description="True if a clock chip with a good battery keeps time.")
    metrics: str | None = Field(
        default=None,
        pattern=r"^[!-9;-~]+:[0-9]{1,5}$",
        description="host:port of the figures for Prometheus; none without.",
    )
    home_assistant: bool = Field(
        default=False,
        description="True if Home Assistant is to find the devices at the broker; from the next start on.",
    )
    prove_s: float = Field(
        default=60, gt=0, le=3600, description="Seconds within which devices must be back after central's change."
    )
    devices: dict[Annotated[str, AfterValidator(checked_gateway)], dict[str, Any]] = Field(
        default_factory=dict, description="Devices by name: `driver`, then the settings of that driver."
    )
    stations: Stations = Field(default_factory=Stations, description="Behaviour across devices.")


@dataclass(frozen=True)
class DeviceConfig:
    """One device of the file: its driver and the settings that driver has checked."""

    name: str
    product: Product
    settings: Settings

    def moved(self, port: str) -> "DeviceConfig":
        """The same device in an emulator at that port, which has a certificate of its own each time."""
        own = {"fingerprint": ""} if port != self.settings.port and hasattr(self.settings, "fingerprint") else {}
        return replace(self, settings=self.settings.model_copy(update={"port": port, **own}))


@dataclass(frozen=True)
class GatewayConfig:
    """A file that holds no error."""

    top: GatewayFile
    devices: Mapping[str, DeviceConfig]
    text: str = field(default="", compare=False)
    """As it was written."""

    def moved(self, ports: Mapping[str, str]) -> "GatewayConfig":
        """The same gateway with its devices at other ports; the file stays as it is."""
        devices = {
            name: device.moved(ports.get(device.settings.port, device.settings.port))
            for name, device in self.devices.items()
        }
        return replace(self, devices=devices)


def read(path: Path) -> GatewayConfig:
    """The gateway described by that file; raises BadConfig with every error in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadConfig([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise BadConfig([f"{path}: is no text in UTF-8 (byte {error.start + 1}); save it as that"]) from error
    return parse(path.name, text)


def parse(name: str, text: str, box: GatewayFile | None = None) -> GatewayConfig:
    """The gateway described by that text, called `name` in errors. Raises BadConfig with every error in it.

    What comes from central is for one `box`: its names and its data folder stay as its own file has them, and errors
    repeat nothing of it.
    """
    source = Source(name, quotes=box is None)
    content = source.compose(text)
    if box is not None:
        own = box.model_dump(mode="json", include={"gateway", "court", "data"})
        for key, value in own.items():
            if content.get(key, value) != value:
                source.say((key,), f"is {value!r} on this box and cannot be changed from afar")
        content = {**content, **own}
    top = source.validated(GatewayFile, content, ())
    devices = _devices(source, content.get("devices"))
    if top is not None and not source.errors:
        _check_ports(source, devices)
        _check_locker(source, devices, top.stations.locker)
        _check_courtroom(source, devices, top.stations.courtroom)
        _check_scanning(source, devices, top.stations.scanning)
    if source.errors or top is None:
        raise BadConfig([error for _, error in sorted(source.errors)])
    return GatewayConfig(top, devices, text)


def _devices(source: Source, content: Any) -> dict[str, DeviceConfig]:
    devices = {}
    for name, settings in content.items() if isinstance(content, dict) else ():
        if not isinstance(settings, dict):
            continue  # the model of the whole file has said so
        device = _device(source, name, settings)
        if device is not None:
            devices[name] = device
    return devices


def _device(source: Source, name: str, content: Mapping[str, Any]) -> DeviceConfig | None:
    where: Where = ("devices", name)
    if "driver" not in content:
        source.say(where, "has no driver; write `driver: kind/product` (see `courtside-gateway drivers`)")
        return None
    try:
        found = product(str(content["driver"]))
    except UnknownDriver as error:
        source.say((*where, "driver"), str(error))
        return None
    rest = {key: value for key, value in content.items() if key != "driver"}
    settings = source.validated(found.driver.Config, rest, where)
    if settings is None:
        return None
    way, ways = _way(settings.port), found.driver.TRANSPORTS
    if way and way not in ways:
        source.say((*where, "port"), f"{found.name} is not reached by {way}, but by {' or '.join(ways)}")
    return DeviceConfig(name, found, settings)


def _way(port: str) -> str:
    """How bytes go to such a port; empty for what is no port of bytes, and whose pattern says enough."""
    return "tcp" if port.startswith("tcp://") else "serial" if port.startswith("/dev/") else ""


def _check_ports(source: Source, devices: Mapping[str, DeviceConfig]) -> None:
    first: dict[str, DeviceConfig] = {}
    for device in devices.values():
        other = first.setdefault(device.settings.port, device)
        if other is device:
            continue
        where = ("devices", device.name, "port")
        if other.product.name != device.product.name:
            source.say(where, f"is {other.name}'s port too, whose driver is {other.product.name}; a bus has one driver")
        elif other.settings == device.settings:
            source.say(where, f"all settings are those of {other.name}; give each device on a bus its own address")


def _check_locker(source: Source, devices: Mapping[str, DeviceConfig], locker: LockerSettings | None) -> None:
    if locker is None:
        return
    at: Where = ("stations", "locker")
    uses: Iterator[tuple[Where, str, str]] = iter(
        [((*at, "locks", index), name, "locks") for index, name in enumerate(locker.locks)]
        + [((*at, role), name, f"{role}s") for role in ("reader", "printer") if (name := getattr(locker, role))]
    )
    for where, name, kind in uses:
        of_kind = [device.name for device in devices.values() if device.product.kind == kind]
        if name not in of_kind:
            source.say(where, f"{name!r} is no device of {kind} here; {hint(name, of_kind, 0.3)}")


def _check_courtroom(source: Source, devices: Mapping[str, DeviceConfig], room: CourtroomSettings | None) -> None:
    if room is None:
        return
    at: Where = ("stations", "courtroom")
    for name in {"courtroom", "transcriber"} & devices.keys():
        source.say(("devices", name), "is the station's own name; call the device otherwise")
    uses = [((*at, "seats", seat, "device"), told.device, "microphones") for seat, told in room.seats.items()]
    uses += [((*at, "recogniser"), room.recogniser, "speech")] if room.recogniser else []
    uses += [((*at, "buttons", name, "device"), told.device, "locks") for name, told in room.buttons.items()]
    for where, name, kind in uses:
        of_kind = [device.name for device in devices.values() if device.product.kind == kind]
        if name not in of_kind:
            source.say(where, f"{name!r} is no device of {kind} here; {hint(name, of_kind, 0.3)}")
    used = [devices[told.device].settings.model_dump() for told in room.seats.values() if told.device in devices]
    if len({sound.get("rate") for sound in used}) > 1:
        source.say((*at, "seats"), "are on devices of different rates; give all the same `rate`")
    taken: dict[tuple[str, int], str] = {}
    for seat, told in room.seats.items():
        has = devices[told.device].settings.model_dump().get("channels", 0) if told.device in devices else told.channel
        if told.channel > has:
            source.say((*at, "seats", seat, "channel"), f"{told.device} has {has} channels")
        other = taken.setdefault((told.device, told.channel), seat)
        if other != seat:
            source.say((*at, "seats", seat, "channel"), f"is {other}'s too; each seat has a microphone of its own")

    _check_buttons(source, devices, room.buttons)


def _check_buttons(source: Source, devices: Mapping[str, DeviceConfig], buttons: Mapping[str, ButtonSettings]) -> None:
    for name, button in buttons.items():
        board = devices[button.device].settings.model_dump() if button.device in devices else {}
        if board.get("poll_s", 0) > _PRESS_S:
            at: Where = ("stations", "courtroom", "buttons", name)
            source.say(at, f"{button.device} looks too seldom to see a press; write `poll_s: 0.1`")


def _check_scanning(source: Source, devices: Mapping[str, DeviceConfig], desk: ScanningSettings | None) -> None:
    if desk is None:
        return
    at: Where = ("stations", "scanning")
    if "scanning" in devices:
        source.say(("devices", "scanning"), "is the station's own name; call the device otherwise")
    uses = [("scanner", desk.scanner, "scanners")] + ([("reader", desk.reader, "readers")] if desk.reader else [])
    for role, name, kind in uses:
        of_kind = [device.name for device in devices.values() if device.product.kind == kind]
        if name not in of_kind:
            source.say((*at, role), f"{name!r} is no device of {kind} here; {hint(name, of_kind, 0.3)}")
    if desk.button_preset is not None and desk.button_preset not in desk.presets:
        source.say(
            (*at, "button_preset"), f"no preset is called so; {hint(desk.button_preset, list(desk.presets), 0.3)}"
        )
