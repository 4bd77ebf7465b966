"""What a SANE device can be set to, by its own description (devices.md 8a). Pure.

Names and values differ by backend, and setting one option may change others: so what is wanted is looked for in the
description as it is now, and what SANE would clamp in silence is refused here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from devices.errors import WishRejected
from devices.scanners import Feeder, Mode, ScanOption, Source, Trouble

BOOL, INT, FIXED, STRING = range(4)
_TYPES = {BOOL: "boolean", INT: "integer", FIXED: "number", STRING: "text"}
_UNITS = {1: "px", 2: "bit", 3: "mm", 4: "dpi", 5: "%", 6: "µs"}
_SOFT_SELECT, _SOFT_DETECT, _INACTIVE = 1, 4, 32
_WORD = 4
_SOURCES: Mapping[Source, tuple[str, ...]] = {
    "flatbed": ("flatbed", "platen", "fb"),
    "feeder": ("adf", "automatic document feeder", "adf front", "document feeder", "adf simplex", "feeder"),
    "feeder_duplex": ("adf duplex", "duplex", "automatic document feeder(duplex)", "document feeder duplex"),
}
_MODES: Mapping[Mode, tuple[str, ...]] = {
    "lineart": ("lineart", "black & white", "binary", "black and white"),
    "gray": ("gray", "grayscale", "true gray", "256 levels gray"),
    "color": ("color", "24bit color", "24 bit color", "full color"),
}
BUTTONS = ("scan", "email", "copy", "file", "pdf", "function")
_LOADED, _COVER, _DOUBLE = "page-loaded", "cover-open", "double-feed"


class Told(Protocol):
    """One option as python-sane tells it."""

    name: str
    py_name: str
    title: str
    type: int
    unit: int
    size: int
    cap: int
    constraint: Any


def described(option: Told) -> ScanOption | None:
    """An option as central shows it; None for buttons, groups, tables and what has no name."""
    is_one = option.type == STRING or option.size <= _WORD
    if option.type not in _TYPES or not option.name or not is_one:
        return None
    return ScanOption.model_validate(
        {
            "name": option.name,
            "title": option.title,
            "type": _TYPES[option.type],
            "unit": _UNITS.get(option.unit),
            **_limits(option.constraint),
            "active": is_active(option),
            "settable": bool(option.cap & _SOFT_SELECT),
        }
    )


def is_active(option: Told) -> bool:
    """Whether it has a meaning as the others are set now."""
    return not option.cap & _INACTIVE


def is_readable(option: Told) -> bool:
    """Whether its value can be asked for now."""
    return is_active(option) and bool(option.cap & _SOFT_DETECT)


def source_named(option: ScanOption | None, wanted: Source) -> str | None:
    """The device's own name of that source, None if it has only one. Raises WishRejected."""
    if option is None or option.choices is None:
        if wanted == "feeder_duplex":
            raise WishRejected("this scanner has no source to choose, so it cannot scan both sides")
        return None
    return _found(option.choices, _SOURCES[wanted], f"it has no {wanted}")


def mode_named(option: ScanOption | None, wanted: Mode) -> str | None:
    """The device's own name of that mode, None if it has only one. Raises WishRejected."""
    if option is None or option.choices is None:
        return None
    return _found(option.choices, _MODES[wanted], f"it cannot scan {wanted}")


def _found(choices: Sequence[str | int | float], names: Sequence[str], otherwise: str) -> str:
    folded = {str(choice).lower(): str(choice) for choice in choices}
    for name in names:
        if name in folded:
            return folded[name]
    raise WishRejected(f"{otherwise}; it has {', '.join(map(str, choices))}")


def state_of(sensors: Mapping[str, object]) -> tuple[Feeder, Trouble]:
    """Feeder and paper path by the device's sensors; what it has no sensor for is unknown, or no trouble."""
    feeder: Feeder = "unknown"
    if _LOADED in sensors:
        feeder = "loaded" if sensors[_LOADED] else "empty"
    if sensors.get(_COVER):
        return feeder, "cover_open"
    return feeder, "double_feed" if sensors.get(_DOUBLE) else "none"


def sensed(option: Told) -> bool:
    """Whether it is one of the sensors and buttons that are asked while the scanner is at rest."""
    return option.name in (_LOADED, _COVER, _DOUBLE, *BUTTONS) and is_readable(option) and not option.cap & _SOFT_SELECT


def _limits(constraint: Any) -> dict[str, Any]:
    if isinstance(constraint, tuple):
        return {"least": constraint[0], "most": constraint[1]}
    return {"choices": tuple(constraint)} if isinstance(constraint, list) else {}
