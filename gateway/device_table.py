"""The table of devices in the docs, made by walking: `python -m gateway.device_table FILE`, part of `make schema`."""

import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from gateway.catalogue import Product, emulator, names, place, product, stage

_HEAD = """\
# Devices

Every driver that comes along; made by `make schema`, never by hand. What is *not verified* speaks its maker's bytes and
has met no device of his yet: the gateway says so when it starts, and so does its page at central. Settings of a driver:
`courtside-gateway drivers KIND/PRODUCT`. To add one: [writing-a-driver.md](writing-a-driver.md).

Emulated, a device has the hands of its last column. One on a *wire* also has its weather: delay, loss, garbling,
doubling, split and glued bytes, echo, unplugging. One behind a *library* can be unplugged.

"""
_ROW = "| {product} | {about} | {transports} | {models} | {verified} | {emulated} |\n"
_MODELS = Path(__file__).parents[1] / "firmware_configs" / "models"


def table() -> str:
    """The whole page."""
    kinds: dict[str, list[Product]] = {}
    for name in names():
        found = product(name)
        kinds.setdefault(found.kind, []).append(found)
    return _HEAD + "\n".join(_section(kind, products) for kind, products in kinds.items())


def _section(kind: str, products: list[Product]) -> str:
    head = _ROW.format(
        product="driver", about="device", transports="port", models="sold as", verified="verified", emulated="emulated"
    )
    return f"## {kind}\n\n{head}|---|---|---|---|---|---|\n" + "".join(_row(found) for found in products)


def _row(found: Product) -> str:
    driver = found.driver
    return _ROW.format(
        product=f"`{found.name}`",
        about=driver.ABOUT.replace("|", "\\|"),
        transports=", ".join(driver.TRANSPORTS),
        models=", ".join(_models(found.name)) or "any",
        verified="yes" if driver.VERIFIED else "no",
        emulated=_emulated(found),
    )


def _models(name: str) -> list[str]:
    """What it is sold as, by the model files that name the driver."""
    told = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(_MODELS.glob("*.yaml"))]
    return [model for each in told if each.get("driver") == name for model in each.get("models") or {}]


def _emulated(found: Product) -> str:
    """Wire or library, and the hands that it has there."""
    settings = _settings(found)
    if (place(found.name) / "stage.py").exists():
        with tempfile.TemporaryDirectory(prefix="courtside-") as folder:
            staged = stage(found.name, settings, Path(folder))
            hands = sorted(staged.hands()) if staged else []
        where = "library"
    else:
        hands, where = sorted(emulator(found.name, settings).hands()), "wire"
    return ": ".join(filter(None, [where, ", ".join(f"`{hand}`" for hand in hands)]))


def _settings(found: Product) -> dict[str, Any]:
    """Those of a device of which nothing is said but where it hangs."""
    fields = found.driver.Config.model_fields
    told = {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
    return {**told, "port": "/dev/x"}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(table(), encoding="utf-8")
