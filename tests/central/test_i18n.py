"""Every text a person reads has an English beside its Chinese, with the same names to fill."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from central.web.refused import Said
from central.web.words import LOCALE, words_of
from devices.agenda import ROLE_NAMES
from devices.procedure import PAUSE_REASONS, RULE

CENTRAL = Path(__file__).parents[2] / "central"
TEMPLATES = CENTRAL / "web" / "templates"
PRINTED = {"receipts.py", "numbers.py", "clues.py", "places.py"}
"""What is printed, how case numbers and floors are read and what documents say is Chinese in every language."""
SIZES = ("小", "中", "大")
NOTES = {"description", "examples"}
"""Arguments that are for whoever writes a program against the API."""
HAN = re.compile(r"[\u4e00-\u9fff]")


def of_code() -> Iterator[str]:
    for path in CENTRAL.rglob("*.py"):
        if {"demo", "migrations"} & set(path.parts):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        if path.name in PRINTED:
            yield from refusals(tree)
            continue
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        heads = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Column")
        told |= {id(part) for head in heads for part in ast.walk(head)}  # a table's heads stand in both languages
        notes = (node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in NOTES)
        told |= {id(part) for note in notes for part in ast.walk(note)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in told | parts:
                continue
            if (HAN.search(node.value) and len(node.value) > 1) or node.value in SIZES:
                yield node.value


def refusals(tree: ast.Module) -> Iterator[str]:
    """What the module refuses is told to a person in his language, whatever else it holds."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == "Refused"
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def of_templates() -> Iterator[str]:
    for path in TEMPLATES.rglob("*.*"):
        with path.open("rb") as file:
            options = {"trimmed": "false", "newstyle_gettext": "true"}
            for _, text, *_ in extract("jinja2.ext:babel_extract", file, {"_": None, "_n": None}, options=options):
                yield text if isinstance(text, str) else text[0]


OF_THE_LAW = {*ROLE_NAMES.values(), *(said for b in PAUSE_REASONS.values() for said in (b.name, RULE + b.article))}
"""What the vocabulary calls things, shown as it is."""
TEXTS = sorted({*of_code(), *of_templates(), *OF_THE_LAW})


def names(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text)} - {None}


@pytest.fixture(scope="module")
def english() -> dict[str, tuple[str, ...]]:
    with (LOCALE / "en.po").open("rb") as file:
        catalog = read_po(file, locale="en")
    told = {}
    for message in catalog:
        key = message.id if isinstance(message.id, str) else message.id[0]
        told[key] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return told


def test_every_text_has_an_english_one(english: dict[str, tuple[str, ...]]) -> None:
    assert [text for text in TEXTS if not all(english.get(text, ("",)))] == []


def test_the_names_to_fill_are_the_same_in_both(english: dict[str, tuple[str, ...]]) -> None:
    wrong = [text for text in TEXTS for form in english.get(text, ()) if names(form) - {"n"} != names(text) - {"n"}]
    assert wrong == []


def test_no_english_text_is_left_over(english: dict[str, tuple[str, ...]]) -> None:
    assert sorted(set(english) - set(TEXTS) - {""}) == []


def test_no_english_text_holds_chinese(english: dict[str, tuple[str, ...]]) -> None:
    kept = re.compile(r"苏\d+民初|（2026）|是|否|副卷|正卷|民初123号|号")
    assert [form for forms in english.values() for form in forms if HAN.search(kept.sub("", form))] == []


def test_no_chinese_stands_bare_in_a_template() -> None:
    for path in TEMPLATES.rglob("*.*"):
        text = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text("utf-8"), flags=re.S)
        assert not HAN.search(text), f"{path.name}: {HAN.search(text)}"


def test_a_sentence_inside_a_sentence_is_told_in_the_same_language() -> None:
    inner = Said("在柜")
    outer = Said("卷宗现为“{state}”，不能“{event}”。", {"state": inner, "event": Said("装订")})
    assert "在柜" in words_of("zh").tell(outer)
    assert not HAN.search(words_of("en").tell(outer))
