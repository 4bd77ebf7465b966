"""Whether a value fits an option as a scanner describes it; what a device would clamp in silence is refused here."""

from collections.abc import Mapping

from devices.errors import WishRejected
from devices.scanners import ScanOption
from drivers.commissioning import Said

ASKED = Said("有哪些设置，每次都问扫描仪自己。", "What can be set is asked of the scanner itself, each time.")
"""Why there is nothing to find out when one is commissioned."""
_PYTHON: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "text": (str,),
}


def checked(option: ScanOption, value: object) -> str | int | float | bool:
    """The value as the device takes it. Raises WishRejected: inactive, a sensor, another type, out of range."""
    if not option.active:
        raise WishRejected(f"{option.name} has no meaning beside the other settings")
    if not option.settable:
        raise WishRejected(f"{option.name} can only be read")
    if not isinstance(value, _PYTHON[option.type]) or (option.type != "boolean" and isinstance(value, bool)):
        raise WishRejected(f"{option.name} is {option.type}, not {value!r}")
    if option.choices is not None and value not in option.choices:
        raise WishRejected(f"{option.name} is one of {', '.join(map(str, option.choices))}, not {value!r}")
    least, most = option.least, option.most
    if least is not None and most is not None and isinstance(value, int | float) and not least <= value <= most:
        raise WishRejected(f"{option.name} is {least:g} to {most:g}, not {value!r}")
    return value if isinstance(value, str | bool | int) and option.type != "number" else float(str(value))
