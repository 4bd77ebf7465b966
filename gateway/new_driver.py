"""A new driver's files: a working driver of the same kind under a new name, for its author to change step by step.

So it passes the contracts of its kind from the first minute, and each change that breaks one is seen at once. The files
lie as in this project: `drivers/`, `firmware_configs/models/`, `tests/vectors/`, `tests/drivers/`.
"""

import ast
import keyword
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import drivers
from gateway.catalogue import names, place
from gateway.hint import hint

LONGEST_NAME = 24
_PROJECT = Path(__file__).parents[1]

_TEST = '''"""{name}: each frame of the maker's manual is read whole and written back the same."""

from drivers.{kind}.{name} import wire
from tests.drivers.products import vectors


def test_every_question_of_the_manual_is_read_and_written_alike() -> None:
    for row in vectors("{name}")["questions"]:
        frame = bytes.fromhex(row["hex"])
        assert [question.to_bytes() for question in wire.question_framer().feed(frame)] == [frame], row["meaning"]
'''
_NO_VECTORS = 'quiet: ""\nquestions: []\nanswers: []\n'


class CannotWrite(Exception):
    """No driver was written; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class NewDriver:
    """A driver to be: `kind/name`, written from the driver `like` of the same kind."""

    kind: str
    name: str
    like: str

    def write(self, into: Path) -> list[Path]:
        """Write every file below that folder; gives their paths. Raises CannotWrite if one is there already."""
        files = self._files()
        there = [into / path for path in files if (into / path).exists()]
        if there:
            raise CannotWrite(f"{there[0]} is there already; nothing was written")
        try:
            for path, text in files.items():
                (into / path).parent.mkdir(parents=True, exist_ok=True)
                (into / path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CannotWrite(f"{error.filename} cannot be written: {error.strerror}") from error
        return [into / path for path in files]

    def _files(self) -> dict[str, str]:
        folder, here = place(f"{self.kind}/{self.like}"), f"drivers/{self.kind}/{self.name}"
        sources = {f"{here}/{path.name}": self._source(path) for path in sorted(folder.glob("*.py"))}
        assets = {f"{here}/{path.name}": path.read_text("utf-8") for path in sorted(folder.glob("*.html"))}
        return {
            **sources,
            **assets,
            f"firmware_configs/models/{self.name}.yaml": self._model(),
            f"tests/vectors/{self.name}.yaml": self._vectors(),
            f"tests/drivers/test_{self.name}.py": _TEST.format(kind=self.kind, name=self.name),
        }

    def _source(self, path: Path) -> str:
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        if path.name == "__init__.py":
            return f'"""{self.name}."""\n'
        for node in reversed(tree.body):  # from the end, so that the lines before stay where they are
            match node:
                case ast.Assign(targets=[ast.Name(id="ABOUT")]):
                    text = _replaced(text, node, f'ABOUT = "{self.name}, still with the bytes of {self.like}"')
                case ast.Assign(targets=[ast.Name(id="VERIFIED")]):
                    text = _replaced(text, node, "VERIFIED = False")
        told = ast.get_docstring(tree, clean=False) or ""
        text = _replaced(text, tree.body[0], f'"""{self._promise()}\n\n{told.rstrip()}\n"""')
        return re.sub(rf"\bdrivers\.{self.kind}\.{self.like}\b", f"drivers.{self.kind}.{self.name}", text)

    def _promise(self) -> str:
        return f"Of {self.name}; what stands below is still {self.kind}/{self.like}: put what the maker's manual says."

    def _model(self) -> str:
        model = self._yaml(f"firmware_configs/models/{self.like}.yaml")
        settings = yaml.safe_dump(model.get("settings", {}), default_flow_style=True, width=1000).strip()
        return (
            f"# {self.name}: who makes it, what it is sold as, and the settings that differ from the driver's.\n"
            f"driver: {self.kind}/{self.name}\nmaker: unknown\n"
            f'models:\n  "{self.name}": {{}}\nsettings: {settings}\nverified: false\n'
            f"notes:\n  - Still with the bytes of {self.like}; it has met no device.\n"
        )

    def _vectors(self) -> str:
        head = f"# Frames of {self.name}; still those of {self.like}. Put those of the maker's manual, never our own.\n"
        kept = _beside_drivers(f"tests/vectors/{self.like}.yaml")
        return head + (kept.read_text("utf-8") if kept else _NO_VECTORS)

    def _yaml(self, path: str) -> dict[str, Any]:
        kept = _beside_drivers(path)
        return dict(yaml.safe_load(kept.read_text("utf-8"))) if kept else {}


def named(kind: str, name: str, like: str | None = None) -> NewDriver:
    """The driver of that kind and name to be. Raises CannotWrite: no such kind, no good name, name taken."""
    known = names()
    kinds = sorted({each.partition("/")[0] for each in known})
    if kind not in kinds:
        raise CannotWrite(f"no kind of device is called {kind!r}; {hint(kind, kinds)}")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name) or len(name) > LONGEST_NAME:
        raise CannotWrite(f"{name!r} is no name for a driver: take a to z, 0 to 9 and _, at most {LONGEST_NAME}")
    taken = [each for each in known if each.partition("/")[2] == name]
    if taken:
        raise CannotWrite(f"{taken[0]} is there already; take another name")
    speaking = [each.partition("/")[2] for each in known if _speaks(each) and each.startswith(f"{kind}/")]
    if not speaking:
        raise CannotWrite(f"{kind} hang behind libraries and have no bytes of their own; see docs/writing-a-driver.md")
    if like is not None and like.removeprefix(f"{kind}/") not in speaking:
        raise CannotWrite(f"no driver of {kind} with bytes of its own is called {like!r}; {hint(like, speaking)}")
    shortest = min(speaking, key=lambda product: _length(place(f"{kind}/{product}")))
    return NewDriver(kind, name, like.removeprefix(f"{kind}/") if like else shortest)


def _speaks(name: str) -> bool:
    """True if the driver has bytes of its own and a device in software that speaks them."""
    return all((place(name) / file).exists() for file in ("wire.py", "emulator.py"))


def _length(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.py"))


def _beside_drivers(path: str) -> Path | None:
    """A file of this project, or of the folder in which a court keeps its own drivers."""
    roots = [_PROJECT, *(Path(root).parent for root in drivers.__path__)]
    return next((root / path for root in roots if (root / path).exists()), None)


def _replaced(text: str, node: ast.stmt, by: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([*lines[: node.lineno - 1], by + "\n", *lines[node.end_lineno or node.lineno :]])
