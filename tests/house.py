"""The house as the rules see it: its files, their syntax trees, and what is documented."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("devices", "drivers", "gateway", "central")
FOLDERS = (*PACKAGES, "firmware_configs", "tests", "docs", ".ci")
NOT_OURS = {".git", "__pycache__", "vendor", "node_modules"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its path from the root, as messages show it."""
        return self.path.relative_to(ROOT).as_posix()

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def classes(self) -> Iterator[ast.ClassDef]:
        """Every class."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))

    def public(self) -> Iterator[Function | ast.ClassDef]:
        """What others may use: public classes, functions, and methods of public classes."""
        for node in self.tree.body:
            if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
                yield node
                if isinstance(node, ast.ClassDef):
                    yield from (n for n in node.body if isinstance(n, Function) and not n.name.startswith("_"))


def files() -> list[Path]:
    """Every file of the project that a person wrote or committed."""
    top = [path for path in ROOT.iterdir() if path.is_file()]
    deep = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    return sorted(path for path in [*top, *deep] if not NOT_OURS & set(path.parts))


def texts(*endings: str) -> dict[str, str]:
    """Path from the root -> text, of files with one of these endings, or of all that are UTF-8."""
    found = {}
    for path in files():
        if not endings or path.suffix in endings:
            try:
                found[path.relative_to(ROOT).as_posix()] = path.read_text("utf-8")
            except UnicodeDecodeError:
                continue
    return found


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """The Python files below these folders."""
    paths = [path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders]
    return tuple(Source(path, text := path.read_text("utf-8"), ast.parse(text)) for path in paths)


def products() -> list[Path]:
    """The folders of drivers: `drivers/<kind>/<product>`."""
    return sorted(path.parent for path in (ROOT / "drivers").glob("*/*/driver.py"))


def documented() -> str:
    """All of docs/ and the README in one text."""
    return "\n".join(text for name, text in texts(".md").items() if name.startswith(("docs/", "README")))
