"""The table of devices in the docs: of every driver there is, and current."""

from pathlib import Path

from gateway.catalogue import names
from gateway.device_table import table

PAGE = Path(__file__).parents[2] / "docs" / "devices.md"


def test_the_committed_table_is_the_one_the_drivers_give() -> None:
    assert PAGE.read_text("utf-8") == table(), "run `make schema` and commit what it writes"


def test_every_driver_has_one_row_with_a_model_and_says_whether_it_is_verified() -> None:
    rows = [line.split(" | ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert [row[0].strip("| `") for row in rows] == names()
    assert {row[4] for row in rows} <= {"yes", "no"}
    assert all(row[5].startswith(("wire", "library")) for row in rows)
