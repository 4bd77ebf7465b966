"""The API's description, read by whoever makes a client of it: names, chapters, doors and refusals of every call."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from central.app import create_app
from central.web.described import CHAPTERS

from .test_app import installed

DOOR = {"root", "enrol", "sign_in"}
"""Asked by whoever has no token yet."""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    _, settings = installed(tmp_path_factory.mktemp("described"))
    app = create_app(settings)
    yield app.openapi()
    app.state.store.close()


def calls(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, call) of the API."""
    for path, methods in described["paths"].items():
        if path.startswith("/api/"):
            yield from ((path, method, call) for method, call in methods.items())


def test_each_call_has_a_name_of_its_own_that_a_client_can_bear(described: dict[str, Any]) -> None:
    names = [call["operationId"] for _, _, call in calls(described)]
    assert len(names) > 70 and len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z_]{4,48}", name)] == []


def test_each_call_stands_in_a_chapter_and_says_what_it_does(described: dict[str, Any]) -> None:
    assert {tag for _, _, call in calls(described) for tag in call["tags"]} == CHAPTERS.keys()
    assert [path for path, _, call in calls(described) if not call.get("description")] == []


def test_each_call_says_who_may_ask_and_how_it_refuses(described: dict[str, Any]) -> None:
    asked = {call["operationId"].partition("_")[2] for _, _, call in calls(described) if "security" not in call}
    assert asked == DOOR
    assert [path for path, _, call in calls(described) if not {"4XX", "5XX"} <= call["responses"].keys()] == []


def test_long_lists_are_all_had_in_the_same_way(described: dict[str, Any]) -> None:
    pieces = 0
    for path, method, call in calls(described):
        given = {one["name"]: one for one in call.get("parameters", []) if one["in"] == "query"}
        if method == "get" and "limit" in given:
            pieces += 1
            assert given["limit"]["schema"]["maximum"] == 200, path
            assert given["after"]["description"].endswith("of the piece before."), path
    assert pieces == 13


def test_the_guide_names_every_chapter() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    assert [name for name in CHAPTERS if f"`{name}`" not in guide] == []
