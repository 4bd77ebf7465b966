"""One measured figure, the table of all of them and `build/bench.json`."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

OUT = Path("build/bench.json")


@dataclass(frozen=True)
class Figure:
    """What was measured: `value` in `unit`; `limit` is the bare loop's value, `ratio` ours to it, `goal` in words."""

    name: str
    value: float
    unit: str
    limit: float | None
    ratio: float | None
    goal: str
    met: bool | None
    """None where the figure is told but nothing was promised."""


def most(name: str, value: float, unit: str, bare: float, times: float) -> Figure:
    """A figure that may be at most `times` the bare one."""
    ratio = value / bare
    return Figure(name, value, unit, bare, ratio, f"<= {times} x bare", ratio <= times)


def least(name: str, value: float, unit: str, bare: float, times: float) -> Figure:
    """A figure that must be at least `times` the bare one."""
    ratio = value / bare
    return Figure(name, value, unit, bare, ratio, f">= {times} x bare", ratio >= times)


def below(name: str, value: float, unit: str, limit: float) -> Figure:
    """A figure with an absolute bound."""
    return Figure(name, value, unit, limit, value / limit, f"<= {limit} {unit}", value <= limit)


def beside(name: str, value: float, unit: str, bare: float) -> Figure:
    """A figure told beside the bare one; nothing was promised."""
    return Figure(name, value, unit, bare, value / bare, "", None)


def told(name: str, value: float, unit: str) -> Figure:
    """A figure nothing was promised about."""
    return Figure(name, value, unit, None, None, "", None)


def table(figures: Iterable[Figure]) -> str:
    """The figures as lines of text."""
    rows = [("figure", "value", "unit", "bare/limit", "ratio", "goal", "met")]
    for figure in figures:
        rows.append(
            (
                figure.name,
                f"{figure.value:,.2f}",
                figure.unit,
                "" if figure.limit is None else f"{figure.limit:,.2f}",
                "" if figure.ratio is None else f"{figure.ratio:.2f}",
                figure.goal,
                {True: "yes", False: "NO", None: ""}[figure.met],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def write(figures: list[Figure]) -> Path:
    """Write them all to `build/bench.json`; gives its path."""
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    return OUT
