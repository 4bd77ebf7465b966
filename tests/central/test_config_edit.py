"""What a form or a roll-out writes into a configuration leaves alone what somebody wrote there."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from central.fleet.config_edit import rewritten, write

WRITTEN = """\
# 一楼的柜子
gateway: locker-a
devices:
  # 第 7 格接反
  wall-a: # 主板
    driver: locks/kr_cu16   # 注
    cells: 12  # 十二格
    bits:
    - 1  # 一
  # 打印
  slip-a: {driver: printers/escpos, port: /dev/a}

prove_s:  # 秒
"""
NAMES = st.sampled_from(["a", "b", "格口", "x-1", "7"])
PLAIN = st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from(["", "x # y", "是: 否", "- a", "'", "行\n行"])
VALUES = st.recursive(PLAIN, lambda some: st.lists(some, max_size=3) | st.dictionaries(NAMES, some, max_size=4))
CONTENT = st.dictionaries(NAMES, VALUES, max_size=5)


def after(change: Any) -> list[str]:
    content = yaml.safe_load(WRITTEN)
    change(content)
    made = rewritten(WRITTEN, content)
    assert yaml.safe_load(made) == content
    return made.splitlines()


def changed(change: Any) -> tuple[list[str], list[str]]:
    """Lines that went, and lines that came."""
    before, now = WRITTEN.splitlines(), after(change)
    return [line for line in before if line not in now], [line for line in now if line not in before]


def test_what_is_as_it_was_stays_as_it_was_written() -> None:
    assert rewritten(WRITTEN, yaml.safe_load(WRITTEN)) == WRITTEN


@pytest.mark.parametrize(
    ("change", "gone", "come"),
    [
        (lambda c: c["devices"]["wall-a"].update(cells=16),
         ["    cells: 12  # 十二格"], ["    cells: 16  # 十二格"]),
        (lambda c: c["devices"]["wall-a"].update(poll_s=0.5), [], ["    poll_s: 0.5"]),
        (lambda c: c["devices"]["wall-a"].pop("cells"), ["    cells: 12  # 十二格"], []),
        (lambda c: c["devices"].pop("slip-a"), ["  slip-a: {driver: printers/escpos, port: /dev/a}"], []),
        (lambda c: c["devices"].update({"b": {"driver": "x"}}), [], ["  b:", "    driver: x"]),
        (lambda c: c.pop("gateway"), ["gateway: locker-a"], []),
        (lambda c: c.update(prove_s=3), ["prove_s:  # 秒"], ["prove_s: 3  # 秒"]),
        (lambda c: c.update(z=1), [], ["z: 1"]),
    ],
)  # fmt: skip
def test_only_the_lines_change_that_must(change: Any, gone: list[str], come: list[str]) -> None:
    assert changed(change) == (gone, come)


@given(CONTENT, CONTENT)
def test_it_always_says_what_is_wanted(before: dict[str, Any], wanted: dict[str, Any]) -> None:
    text = "# comment\n" + write(before)
    assert yaml.safe_load(rewritten(text, wanted)) == wanted


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "a: 1\na: 2\n", "a: &x {b: 1}\nc: *x\n", "a: 1"])
def test_what_cannot_be_kept_is_written_anew(text: str) -> None:
    assert yaml.safe_load(rewritten(text, {"a": {"b": 2}, "d": "e"})) == {"a": {"b": 2}, "d": "e"}
