"""The rules of the house (CONTRIBUTING.md), kept by a machine so that nobody has to."""

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import click
import grimp
import pytest
from pydantic import BaseModel

from central.cli.program import program
from central.importing.service import TABLES
from central.settings import Settings
from gateway.config import (
    ButtonSettings,
    CourtroomSettings,
    GatewayFile,
    LockerSettings,
    ScanningSettings,
    SeatSettings,
    Stations,
)
from tests import house

MAX_FILE, MAX_FUNCTION, MAX_CLASS = 400, 50, 250
OURS = house.sources(*house.PACKAGES)
ALL = house.sources(*house.PACKAGES, "tests")
SUPERVISOR = "gateway/supervise.py"


def lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def too_long(nodes: list[tuple[str, ast.ClassDef | house.Function]], most: int) -> list[str]:
    return [f"{name}:{node.lineno} {node.name}: {lines(node)} lines" for name, node in nodes if lines(node) > most]


def test_no_file_is_longer_than_400_lines() -> None:
    assert [source.name for source in ALL if source.text.count("\n") > MAX_FILE] == []


def test_no_function_is_longer_than_a_screen() -> None:
    assert too_long([(source.name, node) for source in ALL for node in source.functions()], MAX_FUNCTION) == []


def test_no_class_is_longer_than_250_lines() -> None:
    assert too_long([(source.name, node) for source in ALL for node in source.classes()], MAX_CLASS) == []


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(kind is None or getattr(kind, "id", "") in ("Exception", "BaseException") for kind in caught)
    passes_on = isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None
    return broad and not passes_on


def test_only_the_supervisor_swallows_what_it_does_not_know() -> None:
    handlers = [(s.name, node) for s in OURS for node in ast.walk(s.tree) if isinstance(node, ast.ExceptHandler)]
    broad = [name for name, handler in handlers if catches_everything(handler)]
    assert broad == [SUPERVISOR]


def test_everything_public_says_what_it_promises() -> None:
    silent = [source.name for source in OURS if not ast.get_docstring(source.tree)]
    silent += [
        f"{source.name}:{node.lineno} {node.name}"
        for source in OURS
        for node in source.public()
        if not ast.get_docstring(node) and not is_overload(node)
    ]
    assert silent == []


def is_overload(node: house.Function | ast.ClassDef) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)


def test_names_are_of_the_field_and_not_of_the_workshop() -> None:
    workshop = re.compile(r"(?i)manager|helper|util|impl$|_v2|misc|common")
    named = [(source.name, Path(source.name).stem) for source in OURS]
    named += [(f"{source.name}:{node.lineno}", node.name) for source in OURS for node in source.classes()]
    assert [f"{where} {name}" for where, name in named if workshop.search(name)] == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
    texts = house.texts(".py", ".md", ".html", ".css", ".js", ".mjs", ".sh", ".yaml", ".toml")
    assert [name for name, text in texts.items() if later.search(text)] == []


@pytest.mark.parametrize("product", house.products(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_product_has_wire_driver_emulator_and_vectors_from_its_maker(product: Path) -> None:
    names = {path.name for path in product.iterdir()}
    assert "driver.py" in names and names & {"emulator.py", "stage.py"}
    if "wire.py" in names:
        vectors = house.ROOT / "tests" / "vectors"
        assert list(vectors.rglob(f"{product.name}*.yaml")), f"no vectors for {product.name} in tests/vectors"


def test_no_file_names_a_package_registry() -> None:
    registries = re.compile(r"pypi\.(?:org|python)|python" r"hosted|registry\.np" r"mjs|npm" r"mirror|crates\.io")
    assert [name for name, text in house.texts().items() if registries.search(text)] == []


def test_no_file_names_a_place_on_one_machine() -> None:
    places = re.compile(r"(?<![\w./-])/(?:work|root|home/\w+|Users)/|/tmp/" r"w\b")
    assert [name for name, text in house.texts().items() if places.search(text)] == []


def test_pages_load_nothing_from_another_host() -> None:
    remote = re.compile(r"""(?:src|href|action|url|import)\s*[=(]?\s*["']?(?:https?:)?//(?!\{)""")
    texts = house.texts(".html", ".css", ".js")
    assert [name for name, text in texts.items() if remote.search(text)] == []


def test_there_are_no_cycles() -> None:
    graph = grimp.build_graph(*house.PACKAGES, cache_dir=None)
    arrows = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    graphlib.TopologicalSorter(arrows).prepare()


def test_the_import_contracts_are_kept() -> None:
    linter = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    told = subprocess.run(linter, cwd=house.ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_every_path_a_document_names_is_there() -> None:
    named = re.compile(
        r"`((?:devices|drivers|gateway|central|firmware_configs|tests|docs)/[\w./*-]*)`|\]\(([\w./-]+)\)"
    )
    lost = []
    for name, text in house.texts(".md").items():
        for path, link in named.findall(text):
            at = house.ROOT if path else (house.ROOT / name).parent
            if not list(at.glob((path or link).rstrip("/"))) and not (at / (path or link)).resolve().exists():
                lost.append(f"{name}: {path or link}")
    assert lost == []


def settings_of(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, field in model.model_fields.items():
        names.add(name)
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= settings_of(kind)
    return names


def test_every_setting_of_central_is_in_the_docs() -> None:
    docs = house.documented()
    assert [name for name in sorted(settings_of(Settings)) if f"`{name}`" not in docs] == []


def commands_of_central(group: click.Group, before: str = "") -> list[str]:
    found = []
    for name, command in group.commands.items():
        path = f"{before}{name}"
        found += commands_of_central(command, f"{path} ") if isinstance(command, click.Group) else [path]
    return found


def test_every_command_of_central_is_in_the_docs_with_its_options() -> None:
    docs = house.documented()
    assert [name for name in commands_of_central(program) if f"`{name}" not in docs] == []
    options = {
        option
        for command in program.commands.values()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    assert [option for option in sorted(options) if option not in docs] == []


def test_every_column_of_a_file_to_import_is_in_the_docs() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+)$", (house.ROOT / "docs" / "cli.md").read_text(), re.MULTILINE))
    for kind, table in TABLES.items():
        needed, possible, _ = rows[kind].split("|")
        for column in table.columns:
            assert f"{column.head} {column.english}" in (needed if column.needed else possible), (kind, column)


def test_every_command_of_the_gateway_is_in_the_docs() -> None:
    usage = subprocess.run([sys.executable, "-m", "gateway", "--help"], capture_output=True, text=True, check=True)
    names = re.findall(r"^    (\w+) ", usage.stdout, re.MULTILINE)
    assert len(names) >= 5
    docs = house.documented()
    assert [name for name in names if f"`{name}" not in docs and f"courtside-gateway {name}" not in docs] == []


def test_every_setting_of_a_gateways_file_is_in_the_docs() -> None:
    docs = house.documented()
    models = (GatewayFile, Stations, LockerSettings, CourtroomSettings, SeatSettings, ButtonSettings, ScanningSettings)
    names = set().union(*map(settings_of, models))
    assert [name for name in sorted(names) if f"`{name}`" not in docs] == []
