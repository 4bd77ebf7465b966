"""`docs/first-board.md` followed as far as without a board: its files, its commands, and what it says will be asked."""

import re
import sys
from pathlib import Path

import httpx

from gateway.config import read
from gateway.simulator.told import running
from tests import house
from tests.kit.process import Process, run
from tests.kit.terminal import Typed

GUIDE = (house.ROOT / "docs" / "first-board.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(?:yaml file=)?(.+?)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_a_reader_who_follows_it_has_a_board_that_opens_and_knows_its_polarity(tmp_path: Path) -> None:
    for name, text in BLOCKS:
        if name != "sh":
            (tmp_path / name).write_text(text, encoding="utf-8")
    check, commission = [line.split()[1:] for name, text in BLOCKS if name == "sh" for line in text.splitlines()]
    assert run(Path(sys.executable), "-m", "gateway", *check, cwd=tmp_path) == "first.yaml: ok\n"
    command = (sys.executable, "-m", "gateway.simulate", tmp_path / "desk.yaml", tmp_path / "ports")
    desk = Process("desk", command, tmp_path / "log", '"page"')
    desk.start()
    try:
        door = f"{running(tmp_path / 'ports').page}api/devices/wall-a/hands/"
        word, file, device = commission
        assert word == "commission"
        with Typed(
            "gateway", word, tmp_path / file, device, "--emulators", tmp_path / "ports", env={"LC_ALL": "C.UTF-8"}
        ) as person:
            person.until("Shut every door")
            person.type()
            person.until("Enter if nothing happens")
            httpx.post(f"{door}force", json={"cell": 2}).raise_for_status()
            person.until("result: closed_bit: 0")
            httpx.post(f"{door}shut", json={"cell": 2}).raise_for_status()
            person.until("Shut every door")
            person.type()
            person.until("cell: 1, door: open")
            person.until("Write closed_bit: 0 into")
            person.type("y")
            assert person.end() == 0
    finally:
        desk.stop()
    assert read(tmp_path / "first.yaml").devices["wall-a"].settings.model_dump()["closed_bit"] == 0
    assert "# yours" in (tmp_path / "first.yaml").read_text()
    assert list(tmp_path.glob("first-wall-a-*.txt"))
