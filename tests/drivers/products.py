"""The wires of every product, found by walking, and their vectors, which come from outside the project."""

from importlib import import_module  # noqa: TID251
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

import drivers

VECTORS = [Path(root).parent / "tests" / "vectors" for root in drivers.__path__]
"""Beside the drivers: the project's, and those of a court that keeps drivers of its own."""


def wires() -> dict[str, ModuleType]:
    """`wire.py` by product."""
    found = (path.parent for root in drivers.__path__ for path in Path(root).glob("*/*/wire.py"))
    return {folder.name: import_module(f"drivers.{folder.parent.name}.{folder.name}.wire") for folder in sorted(found)}


def vectors(product: str) -> dict[str, Any]:
    """The vector file of one product: frames both ways, and `quiet`: bytes that begin none."""
    files = [folder / f"{product}.yaml" for folder in VECTORS]
    file = next((file for file in files if file.exists()), None)
    if file is None:
        places = " or ".join(map(str, files))
        raise LookupError(f"no vectors of {product}: write them to {places} (docs/writing-a-driver.md, 3)")
    loaded: dict[str, Any] = yaml.safe_load(file.read_text())
    return loaded


WIRES = wires()
ROWS = [
    (product, way, bytes.fromhex(row["hex"]))
    for product in WIRES
    for way in ("questions", "answers")
    for row in vectors(product)[way]
]
"""(product, direction, frame) of every vector."""
IDS = [f"{product} {way[:-1]} {frame.hex(' ')}" for product, way, frame in ROWS]


def framer(product: str, way: str) -> Any:
    """A fresh framer of that direction."""
    wire = WIRES[product]
    return wire.question_framer() if way == "questions" else wire.answer_framer()
