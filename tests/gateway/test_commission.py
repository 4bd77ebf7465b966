"""`courtside-gateway commission` in a real terminal: a person does as told, the file learns, comments stay."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.amended import amended
from gateway.catalogue import names, product
from gateway.config import BadConfig, read
from gateway.simulator.told import running
from tests.kit.process import Process
from tests.kit.terminal import Typed

TRUTH = """\
gateway: locker-a
court: huishan
data: ./data
devices:
  wall-a: {driver: locks/kr_cu16, port: /dev/ttyS1, cells: 12, closed_bit: 0, gap_s: 0.01}
  wall-b: {driver: locks/cu48, port: /dev/ttyS2, cells: 4, first_lock: 1, gap_s: 0.01}
  tags-a: {driver: readers/uhf_m100, port: /dev/ttyS3, framing: aa}
  slip-a: {driver: printers/escpos, port: /dev/ttyS4}
  scan-a: {driver: readers/serial_barcode, port: /dev/ttyS5}
"""
FILE = """\
# 一号柜
gateway: locker-a
court: huishan
data: ./data   # 相对路径
devices:
  wall-a:
    driver: locks/kr_cu16   # 柜门
    port: /dev/ttyS1
    cells: 12  # 共十二格
  # 第二块板
  wall-b: {driver: locks/cu48, port: /dev/ttyS2, cells: 4, gap_s: 0.01}  # 上排
  tags-a: {driver: readers/uhf_m100, port: /dev/ttyS3, framing: auto, timeout_s: 0.2}
  slip-a: {driver: printers/escpos, port: /dev/ttyS4, timeout_s: 0.2, poll_s: 0.2}
  scan-a: {driver: readers/serial_barcode, port: /dev/ttyS5}
"""
CHINESE, ENGLISH = {"LC_ALL": "zh_CN.UTF-8"}, {"LC_ALL": "C.UTF-8"}


class Bench:
    """A file, and the devices it speaks of, of which it does not know everything yet."""

    def __init__(self, folder: Path, ports: Path) -> None:
        self.file = folder / "locker-a.yaml"
        self.file.write_text(FILE, encoding="utf-8")
        self.ports = ports

    def commission(self, device: str, env: dict[str, str]) -> Typed:
        return Typed("gateway", "commission", self.file, device, "--emulators", self.ports, env=env)

    def hand(self, device: str, hand: str, **arguments: Any) -> None:
        httpx.post(f"{running(self.ports).page}api/devices/{device}/hands/{hand}", json=arguments).raise_for_status()

    def report(self, device: str) -> str:
        (report,) = self.file.parent.glob(f"locker-a-{device}-*.txt")
        return report.read_text("utf-8")


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the emulated devices are."""
    folder = tmp_path_factory.mktemp("truth")
    (folder / "locker-a.yaml").write_text(TRUTH)
    command = (sys.executable, "-m", "gateway.simulate", folder / "locker-a.yaml", folder / "ports")
    emulators = Process("emulators", command, folder / "log", '"page"')
    emulators.start()
    yield folder / "ports"
    emulators.stop()


@pytest.fixture
def bench(tmp_path: Path, ports: Path) -> Bench:
    return Bench(tmp_path, ports)


def test_a_door_opened_by_hand_teaches_the_polarity_and_only_that_line_is_new(bench: Bench) -> None:
    with bench.commission("wall-a", CHINESE) as person:
        person.until("请把所有门关好。")
        person.type()
        person.until("请用钥匙或用手打开一扇门")
        bench.hand("wall-a", "force", cell=3)
        person.until("cell: 3, door: shut, found: False")
        person.until("结果：closed_bit: 0")
        bench.hand("wall-a", "shut", cell=3)
        person.until("请把所有门关好")
        person.type()
        person.until("cell: 1, door: open, found: False")
        person.until("把 closed_bit: 0 写入")
        person.type("y")
        person.until("已写入")
        assert person.end() == 0
    learnt = FILE.replace("    cells: 12  # 共十二格\n", "    cells: 12  # 共十二格\n    closed_bit: 0\n")
    assert bench.file.read_text("utf-8") == learnt
    assert "结果：closed_bit: 0" in bench.report("wall-a")


def test_a_box_that_belongs_to_a_court_opens_nothing_without_its_wish(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "identity.json").write_text("{}")
    text = FILE.replace("./data", str(tmp_path))
    bench.file.write_text(text, encoding="utf-8")
    with bench.commission("wall-b", ENGLISH) as person:
        person.until("doors open by a signed wish alone")
        person.until("Shut every door")
        person.type()
        person.until("Open one door by key")
        person.type()
        person.until("doors open by a signed wish alone")
        assert person.end() == 0
    assert "cell 1 is released now" not in person.said
    assert bench.file.read_text("utf-8") == text


def test_numbers_are_tried_until_the_person_says_it_was_the_first_lock(bench: Bench) -> None:
    with bench.commission("wall-b", ENGLISH) as person:
        person.until("Shut every door")
        person.type()
        person.until("trying first_lock: 0")
        person.until("Was it the first lock")
        person.type()
        person.until("trying first_lock: 1")
        person.until("Was it the first lock")
        person.type("y")
        person.until("result: first_lock: 1")
        bench.hand("wall-b", "shut", cell=1)
        person.until("Shut every door")
        person.type()
        person.until("Open one door by key or by hand")
        bench.hand("wall-b", "force", cell=2)
        person.until("result: closed_bit: 1")
        bench.hand("wall-b", "jam", cell=1)
        person.until("Shut every door")
        person.type()
        person.until("Enter if nothing happens")
        person.type()
        person.until("not found out")
        person.until("Write first_lock: 1 into")
        person.type("y")
        assert person.end() == 0
    assert bench.file.read_text("utf-8") == FILE.replace("gap_s: 0.01}  # 上排", "gap_s: 0.01, first_lock: 1}  # 上排")


def test_the_framing_in_which_a_tag_is_seen_is_kept(bench: Bench) -> None:
    bench.hand("tags-a", "put_in", tag="30751FEB705C5904E3D50D70")
    with bench.commission("tags-a", ENGLISH) as person:
        person.until("trying framing: bb")
        person.until("the device does not answer")
        person.until("trying framing: aa")
        person.until("result: framing: aa")
        person.until("Write framing: aa into")
        person.type("n")
        person.until("is unchanged")
        assert person.end() == 0
    assert bench.file.read_text("utf-8") == FILE
    assert "result: framing: aa" in bench.report("tags-a")


@pytest.mark.parametrize("alive", [True, False])
def test_a_printer_that_tells_nothing_is_known_by_its_cover(bench: Bench, alive: bool) -> None:
    bench.hand("slip-a", "status_channel", on=alive)
    with bench.commission("slip-a", ENGLISH) as person:
        person.until("Put in paper")
        person.type()
        person.until("Open the printer's cover")
        bench.hand("slip-a", "open_cover")
        if alive:
            person.until("online: cover_open")
            person.until("the settings are right as they are")
        else:
            person.until("Enter if nothing happens")
            person.type()
            person.until("result: asb: False")
            person.until("Write asb: False")
            person.type("y")
        assert person.end() == 0
    bench.hand("slip-a", "close_cover")
    assert read(bench.file).devices["slip-a"].settings.model_dump()["asb"] is alive


def test_a_device_about_which_nobody_quarrels_has_no_steps(bench: Bench) -> None:
    with bench.commission("scan-a", ENGLISH) as person:
        person.until("there is nothing to find out")
        assert person.end() == 0
    with bench.commission("scan-b", ENGLISH) as person:
        person.until("there is no device 'scan-b'; there are wall-a")
        assert person.end() == 1


@pytest.mark.parametrize("name", names())
def test_what_a_driver_asks_decides_settings_it_has_and_is_said_in_both_languages(name: str) -> None:
    driver = product(name).driver
    for step in getattr(driver, "COMMISSIONING", ()):
        decided = {setting for settings in (*step.tries, step.otherwise or {}) for setting in settings}
        assert decided <= driver.Config.model_fields.keys()
        for said in filter(None, (step.about, step.do, step.before)):
            assert not said.zh.isascii() and said.en.isascii()


@pytest.mark.parametrize(
    ("text", "settings", "becomes"),
    [
        ("  a: {driver: locks/kr_cu16, port: /dev/x}", {"closed_bit": 0}, ", closed_bit: 0}"),
        ("  a: {driver: locks/kr_cu16, closed_bit: 1, port: /dev/x} # 门", {"closed_bit": 0}, "closed_bit: 0, port"),
        ("  a:\n    closed_bit: 1 # 门\n    driver: locks/kr_cu16\n    port: /dev/x", {"closed_bit": 0}, "bit: 0 # 门"),
        ('  甲柜: {}\n  a:\n    port: "/dev/x" # 口\n    driver: locks/kr_cu16 # 尾', {"board": 2}, "尾\n    board: 2"),
    ],
)
def test_a_setting_is_put_in_its_place_and_nothing_else_moves(
    text: str, settings: dict[str, Any], becomes: str
) -> None:
    head = "gateway: g\ncourt: c\ndata: d\ndevices:\n"
    text = head + text.replace("  甲柜: {}\n", "  # 甲柜\n") + "\n"
    after = amended("g.yaml", text, "a", settings)
    assert becomes in after
    assert len(after.splitlines()) - len(text.splitlines()) in (0, 1)


def test_what_cannot_be_put_in_place_is_refused_and_says_what_to_do() -> None:
    text = "gateway: g\ncourt: c\ndata: d\ndevices:\n  a: &a {driver: locks/kr_cu16, port: /dev/x}\n"
    with pytest.raises(BadConfig, match="closed_bit"):
        amended("g.yaml", text, "a", {"closed_bit": 7})
    with pytest.raises(BadConfig, match="there is no 'b'"):
        amended("g.yaml", text, "b", {"closed_bit": 0})
