"""A network scanner in software that speaks eSCL (devices.md 8b): capabilities, status, jobs, page by page.

Paper is image files: what is asked for is made of them as a scanner would, in the mode and resolution of the job.
"""

import io
import threading
import time
import xml.etree.ElementTree as ET
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageDraw, ImageFont

from drivers.hands import ArgumentKind, Hand
from drivers.web_emulated import Answer

PWG = "http://www.pwg.org/schemas/2010/12/sm"
SCAN = "http://schemas.hp.com/imaging/escl/2011/05/03"
ROOT = "/eSCL"
RESOLUTIONS = (75, 100, 150, 200, 300, 600)
MODES = {"BlackAndWhite1": "1", "Grayscale8": "L", "RGB24": "RGB"}
_A4 = (2480, 3508)
"""In three hundredths of an inch, which is also its pixels at 300 dpi."""
_QUALITY = 90
BRIGHTNESS = (0, 1000, 2000)
"""Least, usual and most, as an HP OfficeJet has them; it is told and changes no image."""

_SIDES: Mapping[str, ArgumentKind] = {"sides": "int"}

_PULLS_S = 1.0
"""So long a feeder tries to draw in a sheet that is caught, and so long after a job's first side it knows soonest that
no sheet follows; sides scanned before are read meanwhile. airscan drops them if it is told before it has read any."""

AdfTrouble = Literal["ScannerAdfJam", "ScannerAdfMultipickDetected", "ScannerAdfHatchOpen"]


@dataclass(frozen=True)
class Sheet:
    """A sheet of paper: image files of its sides, each with its resolution inside. No back: the back is white."""

    front: bytes
    back: bytes | None = None


@dataclass(frozen=True)
class Job:
    """What one job was asked with."""

    number: int
    source: str
    duplex: bool
    mode: str
    resolution: int
    brightness: int


class Feeder:
    """One scanner with a feeder and a flatbed; may be used by several threads."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._pile: deque[Sheet] = deque()
        self._job: Job | None = None
        self._jobs = 0
        self._first_at: float | None = None
        self._is_back_next = False
        self._sides = 0
        self._brightness = BRIGHTNESS[1]
        self._trouble: AdfTrouble | None = None
        self._after: tuple[int, AdfTrouble] | None = None
        self._caught: AdfTrouble | None = None
        self._pulled_after: int | None = None

    def put_in(self, sheets: Sequence[Sheet]) -> None:
        """Lay these sheets below what lies in the feeder."""
        with self._turn:
            self._pile.extend(sheets)

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """The answer to one request."""
        with self._turn:
            if self._pulled_after == 0:
                return Answer(0, cut=True)
            match method, path.removeprefix(ROOT).strip("/").split("/"):
                case "GET", ["ScannerCapabilities"]:
                    return Answer(200, _capabilities())
                case "GET", ["ScannerStatus"]:
                    return Answer(200, self._status())
                case "POST", ["ScanJobs"]:
                    return self._start(body)
                case "GET", ["ScanJobs", number, "NextDocument"]:
                    return self._next(number)
                case "DELETE", ["ScanJobs", number]:
                    return self._cancel(number)
            return Answer(404)

    def look(self) -> dict[str, Any]:
        """How it stands."""
        with self._turn:
            return {
                "sheets": len(self._pile), "trouble": self._trouble, "sides_scanned": self._sides,
                "scanning": self._job is not None, "brightness": self._brightness,
            }  # fmt: skip

    def hands(self) -> Mapping[str, Hand]:
        """What a person standing before it could do; a sheet that was caught lies on top again when it is cleared."""
        return {
            "put_blank": Hand("放入编号白纸", lambda sheets: self.put_in(numbered(sheets)), {"sheets": "int"}),
            "take_out": Hand("取走剩余纸张", self._take_out),
            "jam": Hand("再过若干面后卡纸", self._fails("ScannerAdfJam"), _SIDES),
            "double_feed": Hand("再过若干面后重张", self._fails("ScannerAdfMultipickDetected"), _SIDES),
            "open_cover": Hand("再过若干面后打开上盖", self._fails("ScannerAdfHatchOpen"), _SIDES),
            "pull_mid_page": Hand("再过若干面后中途拔线", self._pull_after, _SIDES),
            "plug_in": Hand("插回线缆", self._plug_in),
            "clear": Hand("排除故障、合上上盖", self._clear),
        }  # fmt: skip

    def _fails(self, trouble: AdfTrouble) -> Callable[..., None]:
        """After so many more sides that happens, and lasts until it is cleared."""

        def fail(sides: int = 0) -> None:
            with self._turn:
                self._trouble = trouble if sides <= 0 else self._trouble
                self._after = (sides, trouble) if sides > 0 else None

        return fail

    def _pull_after(self, sides: int = 0) -> None:
        with self._turn:
            self._pulled_after = sides + 1

    def _plug_in(self) -> None:
        with self._turn:
            self._pulled_after, self._is_back_next, self._job = None, False, None

    def _clear(self) -> None:
        with self._turn:
            self._trouble = self._caught = self._job = None
            self._is_back_next = False

    def _take_out(self) -> None:
        with self._turn:
            self._pile.clear()
            self._is_back_next = False

    def _start(self, body: bytes) -> Answer:
        try:
            settings = ET.fromstring(body)  # noqa: S314  (an emulator on the loopback)
            job = _job(settings, self._jobs + 1)
        except (ET.ParseError, ValueError, KeyError):
            return Answer(400)
        if self._job is not None:
            return Answer(503)
        if job.source == "Feeder" and (self._trouble or not self._pile):
            return Answer(409)
        self._jobs, self._job, self._brightness, self._first_at = job.number, job, job.brightness, None
        return Answer(201, location=f"{ROOT}/ScanJobs/{job.number}")

    def _cancel(self, number: str) -> Answer:
        """End that job; one cancelled late is another than the one at work."""
        if self._job is None or number != str(self._job.number):
            return Answer(404)
        self._job = None
        return Answer(200)

    def _next(self, number: str) -> Answer:
        job = self._job
        if job is None or number != str(job.number):
            return Answer(404)
        if job.source == "Platen":
            self._job = None
            return self._image(self._pile[0] if self._pile else Sheet(_white()), job, back=False)
        if self._caught:
            time.sleep(_PULLS_S)
            self._trouble, self._caught = self._caught, None
        if self._trouble:
            return Answer(503 if self._trouble == "ScannerAdfJam" else 500)
        if not self._pile:
            self._look_for_another()
            self._job = None
            return Answer(404)
        answer = self._image(self._pile[0], job, back=self._is_back_next)
        if self._pulled_after is not None:
            self._pulled_after -= 1
            if self._pulled_after == 0:
                return replace(answer, cut=True)
        if job.duplex and not self._is_back_next:
            self._is_back_next = True
        else:
            self._is_back_next = False
            self._pile.popleft()
        self._first_at = self._first_at or time.monotonic()
        self._count()
        return answer

    def _look_for_another(self) -> None:
        if self._first_at is not None:
            time.sleep(max(0, self._first_at + _PULLS_S - time.monotonic()))

    def _count(self) -> None:
        self._sides += 1
        if self._after is not None:
            sides, trouble = self._after
            self._after = (sides - 1, trouble) if sides > 1 else None
            self._caught = trouble if sides <= 1 else self._caught

    def _image(self, sheet: Sheet, job: Job, *, back: bool) -> Answer:
        paper = (sheet.back or _white()) if back else sheet.front
        return Answer(200, scanned(paper, job.mode, job.resolution), "image/jpeg")

    def _status(self) -> bytes:
        adf = self._trouble or ("ScannerAdfLoaded" if self._pile else "ScannerAdfEmpty")
        state = "Processing" if self._job else "Idle"
        return _xml(
            "ScannerStatus",
            f"<pwg:Version>2.63</pwg:Version><pwg:State>{state}</pwg:State><scan:AdfState>{adf}</scan:AdfState>",
        )


def numbered(sheets: int, dpi: int = 100) -> list[Sheet]:
    """So many sheets with a large number on their front."""
    return [Sheet(_drawn(str(number), dpi)) for number in range(1, sheets + 1)]


def scanned(paper: bytes, mode: str, resolution: int) -> bytes:
    """That side of paper as the scanner gives it: a JPEG."""
    with Image.open(io.BytesIO(paper)) as image:
        dpi = round(float(image.info.get("dpi", (300, 300))[0]))
        if image.format == "JPEG" and image.mode == MODES[mode] and dpi == resolution:
            return paper
        wanted = "L" if mode == "BlackAndWhite1" else MODES[mode]
        size = (round(image.width * resolution / dpi), round(image.height * resolution / dpi))
        return _jpeg(image.convert(wanted).resize(size), resolution)


def _jpeg(image: Image.Image, dpi: int) -> bytes:
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=_QUALITY, dpi=(dpi, dpi))
    return kept.getvalue()


def _white(dpi: int = 100) -> bytes:
    return _drawn("", dpi)


def _drawn(text: str, dpi: int) -> bytes:
    image = Image.new("L", (_A4[0] * dpi // 300, _A4[1] * dpi // 300), 255)
    size = image.width // 3
    ImageDraw.Draw(image).text((size, size), text, 0, ImageFont.load_default(size))
    return _jpeg(image, dpi)


def _job(settings: ET.Element, number: int) -> Job:
    told = {element.tag.partition("}")[2]: (element.text or "").strip() for element in settings.iter()}
    resolution, mode = int(told["XResolution"]), told["ColorMode"]
    brightness = int(told.get("Brightness", BRIGHTNESS[1]))
    if resolution not in RESOLUTIONS or mode not in MODES or not BRIGHTNESS[0] <= brightness <= BRIGHTNESS[2]:
        raise ValueError(f"no such scan: {mode} at {resolution} dpi, brightness {brightness}")
    return Job(number, told.get("InputSource", "Platen"), told.get("Duplex") == "true", mode, resolution, brightness)


def _xml(root: str, inside: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}<scan:{root} xmlns:pwg="{PWG}" xmlns:scan="{SCAN}">{inside}</scan:{root}>'.encode()


def _capabilities() -> bytes:
    resolutions = "".join(
        f"<scan:DiscreteResolution><scan:XResolution>{r}</scan:XResolution><scan:YResolution>{r}</scan:YResolution>"
        "</scan:DiscreteResolution>"
        for r in RESOLUTIONS
    )
    modes = "".join(f"<scan:ColorMode>{mode}</scan:ColorMode>" for mode in MODES)
    caps = (
        f"<scan:MinWidth>16</scan:MinWidth><scan:MaxWidth>{_A4[0]}</scan:MaxWidth>"
        f"<scan:MinHeight>16</scan:MinHeight><scan:MaxHeight>{_A4[1]}</scan:MaxHeight>"
        f"<scan:SettingProfiles><scan:SettingProfile><scan:ColorModes>{modes}</scan:ColorModes><scan:DocumentFormats>"
        "<pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat><scan:DocumentFormatExt>image/jpeg</scan:DocumentFormatExt>"
        f"</scan:DocumentFormats><scan:SupportedResolutions><scan:DiscreteResolutions>{resolutions}"
        "</scan:DiscreteResolutions></scan:SupportedResolutions></scan:SettingProfile></scan:SettingProfiles>"
    )
    return _xml(
        "ScannerCapabilities",
        "<pwg:Version>2.63</pwg:Version><pwg:MakeAndModel>Courtside ADF</pwg:MakeAndModel>"
        f"<scan:Platen><scan:PlatenInputCaps>{caps}</scan:PlatenInputCaps></scan:Platen>"
        f"<scan:Adf><scan:AdfSimplexInputCaps>{caps}</scan:AdfSimplexInputCaps>"
        f"<scan:AdfDuplexInputCaps>{caps}</scan:AdfDuplexInputCaps>"
        "<scan:AdfOptions><scan:AdfOption>DetectPaperLoaded</scan:AdfOption>"
        "<scan:AdfOption>Duplex</scan:AdfOption></scan:AdfOptions></scan:Adf>"
        f"<scan:BrightnessSupport><scan:Min>{BRIGHTNESS[0]}</scan:Min><scan:Max>{BRIGHTNESS[2]}</scan:Max>"
        f"<scan:Normal>{BRIGHTNESS[1]}</scan:Normal><scan:Step>1</scan:Step></scan:BrightnessSupport>",
    )


def read_pile(folder: Path) -> list[Sheet]:
    """The image files of a folder as sheets, by name; `NAME-back.EXT` is the back of `NAME.EXT`. Raises ValueError."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".png")) if folder.is_dir() else []
    if not files:
        raise ValueError(f"{folder} holds no .jpg or .png")
    backs = {path.stem.removesuffix("-back"): path.read_bytes() for path in files if path.stem.endswith("-back")}
    fronts = [path for path in files if not path.stem.endswith("-back")]
    return [Sheet(path.read_bytes(), backs.get(path.stem)) for path in fronts]
