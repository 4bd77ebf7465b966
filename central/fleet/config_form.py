"""One device of a configuration as a form: fields drawn from its driver's schema, and read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from central.fleet.catalogue import Catalogue
from central.web.refused import Refused


@dataclass(frozen=True)
class Field:
    """One setting of a driver."""

    name: str
    about: str
    kind: str
    """`string`, `integer`, `number`, `boolean` or `other` (YAML)."""
    choices: Sequence[str]
    required: bool
    default: str
    value: str


@dataclass(frozen=True)
class Form:
    """One device: its driver and every setting of it."""

    device: str
    driver: str
    about: str
    fields: Sequence[Field]


def forms(content: Mapping[str, Any], catalogue: Catalogue | None) -> list[Form]:
    """A form for each device whose driver the gateway knows."""
    devices = content.get("devices")
    drivers = (catalogue or {}).get("drivers", {})
    told = devices.items() if isinstance(devices, dict) else ()
    return [
        Form(
            name, str(device["driver"]), drivers[device["driver"]]["about"], _fields(drivers[device["driver"]], device)
        )
        for name, device in told
        if isinstance(device, dict) and str(device.get("driver")) in drivers
    ]


def applied(content: Mapping[str, Any], catalogue: Catalogue | None, told: Mapping[str, str]) -> dict[str, Any]:
    """The configuration after a form was sent: `device`, `driver`, `do` (save, add, remove) and `s.<setting>`.

    Raises Refused for a driver the gateway does not know, and for another device of a name there is.
    """
    devices: dict[str, Any] = dict(content.get("devices") or {})
    name = told.get("device", "").strip()
    if told.get("do") == "remove":
        devices.pop(name, None)
        return {**content, "devices": devices}
    driver = (catalogue or {}).get("drivers", {}).get(told.get("driver", ""))
    if driver is None:
        raise Refused("没有“{driver}”这个驱动。", code="bad_driver", status=422, driver=told.get("driver", ""))
    if told.get("do") == "add" and name in devices:
        raise Refused("已经有名为“{device}”的设备，请在它自己的表单里修改，或换一个名称。", code="known_device",
                      status=422, device=name)  # fmt: skip
    properties: Mapping[str, Any] = driver["settings"].get("properties", {})
    before = devices.get(name)
    settings = {key: value for key, value in (before or {}).items() if key not in properties}
    settings |= {"driver": told["driver"]}
    for setting, schema in properties.items():
        text = told.get(f"s.{setting}", "").strip()
        if text:
            settings[setting] = text if _kind(schema) == "string" else _value(text)
    return {**content, "devices": {**devices, name: settings}}


def _fields(driver: Mapping[str, Any], device: Mapping[str, Any]) -> list[Field]:
    required = driver["settings"].get("required", [])
    return [
        Field(
            name=name,
            about=schema.get("description", ""),
            kind=_kind(schema),
            choices=[_text(choice) for choice in schema.get("enum", [])],
            required=name in required,
            default=_text(schema["default"]) if schema.get("default") is not None else "",
            value=_text(device[name]) if name in device else "",
        )
        for name, schema in driver["settings"].get("properties", {}).items()
    ]


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "other")
    return kind if kind in ("string", "integer", "number", "boolean") else "other"


def _value(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text  # the check will say what is wrong with it


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return yaml.safe_dump(value, default_flow_style=True, allow_unicode=True).removesuffix("...\n").strip()
