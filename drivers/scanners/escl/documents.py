"""The XML of eSCL (devices.md 8b): what a scanner has, how it stands, what a job is asked with; and its JPEGs. Pure."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

from devices.scanners import Feeder, ScanOption, Source, Trouble

PWG = "http://www.pwg.org/schemas/2010/12/sm"
SCAN = "http://schemas.hp.com/imaging/escl/2011/05/03"
UNITS_PER_MM = 300 / 25.4
"""Regions are in three hundredths of an inch."""
JPEG = "image/jpeg"
COLOR_MODES = {"gray": "Grayscale8", "color": "RGB24"}
"""Black and white is not among them: a JPEG has none."""
LONGEST = 1 << 20

_INPUTS: Mapping[Source, str] = {
    "flatbed": "PlatenInputCaps",
    "feeder": "AdfSimplexInputCaps",
    "feeder_duplex": "AdfDuplexInputCaps",
}
_RANGES = {
    "brightness": "Brightness",
    "contrast": "Contrast",
    "sharpen": "Sharpen",
    "threshold": "Threshold",
    "compression": "CompressionFactor",
}
"""Our names of the settings that are a range, and eSCL's."""
_TROUBLES: Mapping[str, Trouble] = {
    "ScannerAdfJam": "jam",
    "ScannerAdfMispick": "jam",
    "ScannerAdfMultipickDetected": "double_feed",
    "ScannerAdfHatchOpen": "cover_open",
    "ScannerAdfDoorOpen": "cover_open",
    "ScannerAdfDuplexPageTooShort": "fault",
    "ScannerAdfDuplexPageTooLong": "fault",
    "ScannerAdfInputTrayFailed": "fault",
    "ScannerAdfInputTrayOverloaded": "fault",
}
_FEEDERS: Mapping[str, Feeder] = {"ScannerAdfLoaded": "loaded", "ScannerAdfEmpty": "empty"}
_SIZES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
"""JPEG markers of the segment that holds height and width (ITU-T T.81, table B.1)."""


class NotEscl(ValueError):
    """What came is no such document, or no whole picture; the text says what it is not."""


@dataclass(frozen=True)
class Status:
    """How a scanner says it stands."""

    state: str
    """Idle, Processing, Testing, Stopped, Down."""
    adf: str = ""

    @property
    def feeder(self) -> Feeder:
        """Whether paper lies in the feeder."""
        return _FEEDERS.get(self.adf, "unknown")

    @property
    def trouble(self) -> Trouble:
        """What is wrong; a scanner that is stopped or down and does not say why has a fault."""
        return _TROUBLES.get(self.adf, "fault" if self.state in ("Stopped", "Down") else "none")


@dataclass(frozen=True)
class Input:
    """What one way in, flatbed or feeder, can do."""

    modes: tuple[str, ...]
    resolutions: tuple[int, ...]
    """Each it has, or least and most if `ranged`."""
    ranged: bool
    size: tuple[int, int]
    """Most width and height, in three hundredths of an inch."""


@dataclass(frozen=True)
class Capabilities:
    """What a scanner has."""

    version: str
    inputs: Mapping[Source, Input]
    ranges: Mapping[str, tuple[int, int]]
    intents: tuple[str, ...]

    def options(self) -> tuple[ScanOption, ...]:
        """Its own settings, beside source, mode and resolution."""
        told = [
            ScanOption(name=name, title=_RANGES[name], type="integer", least=least, most=most)
            for name, (least, most) in self.ranges.items()
        ]
        intent = ScanOption(name="intent", title="Intent", type="text", choices=self.intents)
        return (*told, intent) if self.intents else tuple(told)


@dataclass(frozen=True)
class Job:
    """What a job is asked with; `own` are options by our names."""

    source: Source
    mode: str
    resolution: int
    size: tuple[int, int]
    version: str
    own: Mapping[str, str | int | float | bool]


def status_of(document: bytes) -> Status:
    """How it stands. Raises NotEscl."""
    root = _root(document, "ScannerStatus")
    return Status(_text(root, "State"), _text(root, "AdfState"))


def capabilities_of(document: bytes) -> Capabilities:
    """What it has. Raises NotEscl."""
    root = _root(document, "ScannerCapabilities")
    found = {source: caps for source, name in _INPUTS.items() for caps in _all(root, name)}
    inputs = {source: _input(caps, root) for source, caps in found.items()}
    ranges = {name: pair for name, theirs in _RANGES.items() if (pair := _range(root, f"{theirs}Support"))}
    intents = tuple(dict.fromkeys(_texts(root, "Intent")))
    if not inputs:
        raise NotEscl("a scanner without flatbed and feeder")
    version = _text(root, "Version")
    return Capabilities(version if re.fullmatch(r"[0-9]\.[0-9]{1,3}", version) else "2.0", inputs, ranges, intents)


def job_of(job: Job) -> bytes:
    """The job as a scanner is asked for it; the order of the elements matters to some."""
    told = {"intent": "", **job.own}
    ranges = "".join(f"<scan:{theirs}>{told[name]}</scan:{theirs}>" for name, theirs in _RANGES.items() if name in told)
    feeder = job.source != "flatbed"
    inside = (
        f"<pwg:Version>{job.version}</pwg:Version>"
        + (f"<scan:Intent>{escape(str(told['intent']))}</scan:Intent>" if told["intent"] else "")
        + "<pwg:ScanRegions><pwg:ScanRegion>"
        "<pwg:ContentRegionUnits>escl:ThreeHundredthsOfInches</pwg:ContentRegionUnits>"
        "<pwg:XOffset>0</pwg:XOffset><pwg:YOffset>0</pwg:YOffset>"
        f"<pwg:Width>{job.size[0]}</pwg:Width><pwg:Height>{job.size[1]}</pwg:Height>"
        "</pwg:ScanRegion></pwg:ScanRegions>"
        f"<pwg:InputSource>{'Feeder' if feeder else 'Platen'}</pwg:InputSource>"
        f"<scan:ColorMode>{job.mode}</scan:ColorMode>"
        f"<pwg:DocumentFormat>{JPEG}</pwg:DocumentFormat><scan:DocumentFormatExt>{JPEG}</scan:DocumentFormatExt>"
        f"<scan:XResolution>{job.resolution}</scan:XResolution><scan:YResolution>{job.resolution}</scan:YResolution>"
        + (f"<scan:Duplex>{'true' if job.source == 'feeder_duplex' else 'false'}</scan:Duplex>" if feeder else "")
        + ranges
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}<scan:ScanSettings xmlns:pwg="{PWG}" xmlns:scan="{SCAN}">{inside}</scan:ScanSettings>'.encode()


def jpeg_size(image: bytes) -> tuple[int, int]:
    """Width and height of a whole JPEG. Raises NotEscl if it is none or its end is missing (ITU-T T.81, annex B)."""
    if not image.startswith(b"\xff\xd8"):
        raise NotEscl("no JPEG")
    if not image.rstrip(b"\x00").endswith(b"\xff\xd9"):
        raise NotEscl(f"a JPEG whose end is missing after {len(image)} bytes")
    at = 2
    while at + 9 <= len(image) and image[at] == 0xFF:
        marker = image[at + 1]
        if marker in _SIZES:
            return int.from_bytes(image[at + 7 : at + 9], "big"), int.from_bytes(image[at + 5 : at + 7], "big")
        at += 1 if marker == 0xFF else 2 + int.from_bytes(image[at + 2 : at + 4], "big")
    raise NotEscl("a JPEG that does not say how large it is")


def _root(document: bytes, name: str) -> ET.Element:
    if len(document) > LONGEST or b"<!DOCTYPE" in document or b"\x00" in document:
        raise NotEscl("longer than any such document, with a document type, or not in UTF-8")
    try:
        root = ET.fromstring(document)  # noqa: S314  (no document type comes this far, so no entity either)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise NotEscl(f"no XML: {error}") from None
    if _name(root) != name:
        raise NotEscl(f"{_name(root)} instead of {name}")
    return root


def _input(caps: ET.Element, root: ET.Element) -> Input:
    """Some feeders name no profile of their own and mean that of the flatbed."""
    profile = caps if _texts(caps, "ColorMode") else root
    discrete = [int(text) for text in _texts(profile, "XResolution") if text.isdecimal()]
    spans = [_pair(span) for span in _all(profile, "XResolutionRange")]
    ranged = not discrete and bool(spans)
    resolutions = spans[0] if ranged and spans[0] else tuple(sorted(set(discrete)))
    size = _number(caps, "MaxWidth"), _number(caps, "MaxHeight")
    return Input(tuple(dict.fromkeys(_texts(profile, "ColorMode"))), resolutions, ranged, size)


def _range(root: ET.Element, name: str) -> tuple[int, int] | None:
    return next((pair for found in _all(root, name) if (pair := _pair(found))), None)


def _pair(element: ET.Element) -> tuple[int, int] | None:
    least, most = _text(element, "Min"), _text(element, "Max")
    try:
        return int(least), int(most)
    except ValueError:
        return None


def _number(element: ET.Element, name: str) -> int:
    text = _text(element, name)
    return int(text) if text.isdecimal() and len(text) <= len(str(LONGEST)) else 0


def _all(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (found for found in element.iter() if _name(found) == name)


def _texts(element: ET.Element, name: str) -> list[str]:
    return [(found.text or "").strip() for found in _all(element, name)]


def _text(element: ET.Element, name: str) -> str:
    return next(iter(_texts(element, name)), "")


def _name(element: ET.Element) -> str:
    """Without its namespace, for some scanners have their own."""
    return element.tag.rpartition("}")[2]
