"""The process that holds one scanner: `python -m drivers.scanners.sane.work DEVICE FOLDER`, asked by `driver.py`.

libsane is not safe for threads, blocks, and cannot be interrupted: two devices never share a process. A page goes into
FOLDER as a file. The device stays open; an I/O error is settled by opening it anew: who answers was not pulled.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import _sane
import sane
from PIL import Image

from devices.errors import DeviceBusy, DeviceFault, DeviceOffline, WishRejected
from devices.scanners import Ending, ScanSettings
from drivers.scan_option import checked
from drivers.scanners.sane import options
from drivers.worker import serve

JPEG_QUALITY = 92
_BUSY, _CANCELLED, _NO_DOCS = "Device busy", "Operation was cancelled", "Document feeder out of documents"
_END_OF_FILE, _IO_ERROR, _JAMMED = "End of file reached", "Error during device I/O", "Document feeder jammed"
_ENDINGS: Mapping[str, Ending] = {
    _NO_DOCS: "out_of_paper",
    _END_OF_FILE: "out_of_paper",
    _JAMMED: "jam",
    "Scanner cover is open": "cover_open",
    _CANCELLED: "cancelled",
}
"""python-sane gives no status code, only sane_strstatus's English."""
_NEAR = 0.02


class Work:
    """Answers questions about one scanner."""

    def __init__(self, device: str, folder: Path) -> None:
        self._name = device
        self._folder = folder
        self._device: Any = None
        self._settings = ScanSettings()
        self._sides = 0
        self._more = False

    def answers(self, question: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """One answer. Raises DeviceOffline, DeviceBusy, DeviceFault, WishRejected."""
        match question["do"]:
            case "open":
                self._open()
                return [self._sensors()]
            case "sensors":
                return [self._sensors()]
            case "options":
                return [{"options": [option.model_dump() for option in self._described().values()]}]
            case "begin":
                self._begin(ScanSettings.model_validate(question["settings"]), question["area"])
                return []
            case "page":
                return [self._page()]
            case _:
                self._device.cancel()
                return []

    def _open(self) -> None:
        try:
            self._device = sane.open(self._name)
        except _sane.error as error:
            if str(error) == _BUSY:
                raise DeviceBusy(f"{self._name} is used by another program") from error
            raise DeviceOffline(
                f"{self._name} cannot be opened: {error}; is it on, and listed by scanimage -L?"
            ) from error

    def _described(self) -> dict[str, Any]:
        told = (options.described(option) for option in self._device.opt.values())
        return {option.name: option for option in told if option is not None}

    def _sensors(self) -> dict[str, Any]:
        try:
            read = {
                o.name: self._device.dev.get_option(o.index) for o in self._device.opt.values() if options.sensed(o)
            }
        except _sane.error as error:
            raise DeviceOffline(f"{self._name} does not answer: {error}") from error
        feeder, trouble = options.state_of(read)
        pressed = [name for name in options.BUTTONS if read.get(name)]
        return {"feeder": feeder, "trouble": trouble, "pressed": pressed}

    def _begin(self, settings: ScanSettings, area: tuple[float, float]) -> None:
        """Set it as wanted: source and mode first, for they change the others; paper size before the frame on it."""
        known = self._described()
        self._set("source", options.source_named(known.get("source"), settings.source))
        self._set_mode(settings)
        self._set_resolution(settings.resolution)
        for name, value in settings.options.items():
            self._set(name, value)
        for name, most in zip(("page-width", "page-height"), area, strict=True):
            self._set_within(name, most)
        for name, most in zip(("tl-x", "tl-y", "br-x", "br-y"), (0, 0, *area), strict=True):
            self._set_within(name, most)
        self._settings, self._sides, self._more = settings, 0, True

    def _set_mode(self, settings: ScanSettings) -> None:
        known = self._described()
        depth = 8
        try:
            name = options.mode_named(known.get("mode"), settings.mode)
        except WishRejected:
            bits = known["depth"].choices if "depth" in known else None
            if settings.mode != "lineart" or not bits or 1 not in bits:
                raise
            name, depth = options.mode_named(known.get("mode"), "gray"), 1
        self._set("mode", name)
        bits = self._described().get("depth")
        if bits is not None and bits.active and bits.settable and bits.choices and depth in bits.choices:
            self._set("depth", depth)

    def _set_resolution(self, dpi: int) -> None:
        known = self._described()
        names = [
            name for name in ("resolution", "x-resolution", "y-resolution") if name in known and known[name].active
        ]
        for name in names:
            self._set(name, dpi)

    def _set_within(self, name: str, most: float) -> None:
        """As large as wanted, or as the device has it."""
        option = self._described().get(name)
        if option is not None and option.active and option.settable and option.unit == "mm" and option.most is not None:
            self._set(name, min(most, option.most))

    def _set(self, name: str, value: object) -> None:
        if value is None:
            return
        option = self._described().get(name)
        if option is None:
            raise WishRejected(f"this scanner has no setting {name!r}")
        wanted = checked(option, value)
        own = name.replace("-", "_")
        try:
            setattr(self._device, own, wanted)
            took = getattr(self._device, own)
        except (_sane.error, AttributeError, TypeError) as error:
            raise WishRejected(f"{name} cannot be {value!r}: {error}") from error
        if not _same(took, wanted):
            raise WishRejected(f"{name} would be {took!r} instead of {value!r}")

    def _page(self) -> dict[str, Any]:
        """The next side as a file, or why there is none."""
        if not self._more:
            return self._ended("out_of_paper", "one page was asked for" if self._sides else "nothing was begun")
        try:
            self._device.start()
            size = self._device.get_parameters()[2]
            image = self._device.snap(True)
        except _sane.error as error:
            return self._failed(str(error))
        except RuntimeError as error:  # no data at all
            return self._ended("truncated", str(error))
        if size[1] > 0 and image.size != size:
            return self._ended("truncated", f"{image.height} of {size[1]} lines came")
        self._more = self._settings.source != "flatbed"
        return self._kept(image)

    def _kept(self, image: Image.Image) -> dict[str, Any]:
        duplex = self._settings.source == "feeder_duplex"
        side = "back" if duplex and self._sides % 2 else "front"
        self._sides += 1
        path, dpi = self._folder / "page", (self._settings.resolution,) * 2
        if self._settings.mode == "lineart":
            kind = "png"
            image.convert("1", dither=Image.Dither.NONE).save(path, "PNG", dpi=dpi)
        else:
            kind = "jpeg"
            wanted = image.convert("L") if self._settings.mode == "gray" and image.mode != "L" else image
            wanted.save(path, "JPEG", quality=JPEG_QUALITY, dpi=dpi)
        return {"path": str(path), "format": kind, "width": image.width, "height": image.height, "side": side}

    def _failed(self, text: str) -> dict[str, Any]:
        if text == _BUSY and not self._sides:
            raise DeviceBusy(f"{self._name} is busy")
        why = _ENDINGS.get(text, "fault")
        if why == "jam" and self._sensors()["trouble"] == "double_feed":
            why = "double_feed"  # fujitsu: JAMMED, and the sensor says which
        if text == _END_OF_FILE and not self._sides:
            why = "fault"
        if text == _IO_ERROR:
            why = "fault" if self._answers_still() else "gone"
        return self._ended(why, text)

    def _answers_still(self) -> bool:
        self._device.cancel()
        self._device.close()
        try:
            self._open()
        except (DeviceOffline, DeviceBusy):
            return False
        return True

    def _ended(self, why: Ending, text: str) -> dict[str, Any]:
        self._more = False
        if why != "gone":
            self._device.cancel()
        return {"ended": why, "text": text, "sides": self._sides}


def _same(took: object, wanted: object) -> bool:
    if isinstance(took, float) and isinstance(wanted, int | float):
        return abs(took - wanted) <= max(_NEAR, abs(wanted) * _NEAR / 10)
    return took == wanted


if __name__ == "__main__":
    try:
        sane.init()
    except _sane.error as error:
        raise DeviceFault(f"SANE does not start: {error}") from error
    serve(Work(sys.argv[1], Path(sys.argv[2])).answers)
