"""`courtside-gateway commission` in a real terminal: a person does as told, the file learns, comments stay."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from drivers.commissioning import Said
from gateway.amended import amended
from gateway.catalogue import names, product
from gateway.config import read
from gateway.config_text import BadConfig
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
  scan-a: {driver: readers/serial_barcode, port: /dev/ttyS5, aim: true}
  wall: {driver: displays/lg_serial, port: /dev/ttyS6, panel: 3}
  vault: {driver: climate/modbus_th, port: /dev/ttyS7, function: 3, first_register: 0, first: humidity, scale: "0.01"}
  strip: {driver: displays/led_sign, port: /dev/ttyS8}
  ups-a: {driver: power/megatec, port: /dev/ttyS9}
  label-a: {driver: printers/tspl, port: /dev/ttyS10}
  eye: {driver: cameras/ffmpeg_picture, port: "http://192.0.2.9/video"}
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
  wall: {driver: displays/lg_serial, port: /dev/ttyS6, timeout_s: 0.2, poll_s: 0.1}
  vault: {driver: climate/modbus_th, port: /dev/ttyS7, timeout_s: 0.2, poll_s: 0.1}
  strip: {driver: displays/led_sign, port: /dev/ttyS8}
  ups-a: {driver: power/megatec, port: /dev/ttyS9, poll_s: 0.1}
  label-a: {driver: printers/tspl, port: /dev/ttyS10, poll_s: 0.1}
  eye: {driver: cameras/ffmpeg_picture, port: "http://192.0.2.9/video", poll_s: 0.1}
  toner: {driver: supplies/snmp_printer, port: "udp://192.0.2.9:161"}
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
        person.until("acts by a signed wish alone")
        person.until("Shut every door")
        person.type()
        person.until("Open one door by key")
        person.type()
        person.until("acts by a signed wish alone")
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


def test_a_panel_is_found_by_its_number_and_proves_that_it_listens_in_standby(bench: Bench) -> None:
    bench.hand("wall", "remote", on=True)
    with bench.commission("wall", ENGLISH) as person:
        person.until("the device does not answer")
        person.until("trying panel: 2")
        person.until("result: panel: 3")
        person.until("Switch it on by its remote")
        person.type()
        person.until("Switch it off by its remote")
        bench.hand("wall", "remote", on=False)
        person.until("power: off")
        person.until("Write panel: 3 into")
        person.type("y")
        assert person.end() == 0
    assert read(bench.file).devices["wall"].settings.model_dump()["panel"] == 3


def test_a_sensor_is_read_as_it_makes_sense_and_breath_tells_which_value_is_which(bench: Bench) -> None:
    with bench.commission("vault", ENGLISH) as person:
        person.until("the device does not answer")
        person.until("result: function: 3, first_register: 0")
        person.until("trying first: temperature")
        person.until("Enter if nothing happens")
        person.type()
        person.until("trying first: humidity")
        person.until("Breathe on the sensor")
        bench.hand("vault", "percent", tenths=900)
        person.until("result: first: humidity")
        person.until("into")
        person.type("y")
        assert person.end() == 0
    learnt = read(bench.file).devices["vault"].settings.model_dump()
    assert {"function": 3, "first_register": 0, "first": "humidity", "scale": "0.01"}.items() <= learnt.items()


def test_a_strip_shows_a_test_text_until_the_person_can_read_it(bench: Bench) -> None:
    with bench.commission("strip", CHINESE) as person:
        person.until("现在要在条屏上显示")
        person.type()
        person.until("正在试 unit: eight")
        person.until("文字走满整条屏幕")
        person.type()
        person.until("正在试 unit: one")
        person.until("文字走满整条屏幕")
        person.type("y")
        person.until("结果：unit: one")
        person.until("写入")
        person.type("n")
        assert person.end() == 0
    assert bench.file.read_text("utf-8") == FILE


@pytest.mark.parametrize(
    ("device", "do", "hands", "seen"),
    [
        ("ups-a", "Pull the supply's mains plug", [("mains", {"on": False}), ("mains", {"on": True})], "battery"),
        ("eye", "Cover the lens", [("cover", {"on": True}), ("cover", {"on": False})], "picture: nothing"),
    ],
)
def test_what_a_person_does_is_seen_and_proves_the_line(
    bench: Bench, device: str, do: str, hands: list[tuple[str, dict[str, bool]]], seen: str
) -> None:
    with bench.commission(device, ENGLISH) as person:
        if device == "ups-a":
            person.until("charged")
            person.type()
        person.until(do)
        bench.hand(device, hands[0][0], **hands[0][1])
        person.until(seen)
        bench.hand(device, hands[1][0], **hands[1][1])
        person.until("the settings are right as they are")
        assert person.end() == 0


def test_a_label_printer_tells_that_its_head_is_lifted_and_prints_a_label_to_look_at(bench: Bench) -> None:
    with bench.commission("label-a", ENGLISH) as person:
        person.until("shut the head")
        person.type()
        person.until("Lift the print head")
        bench.hand("label-a", "open_head")
        person.until("the settings are right as they are")
        bench.hand("label-a", "close_head")
        person.until("a test label is printed now")
        person.type()
        person.until("Is its Chinese legible")
        person.type("y")
        person.until("the settings are right as they are")
        assert person.end() == 0


def test_a_reader_that_sends_identifiers_is_known_by_them(bench: Bench) -> None:
    with bench.commission("scan-a", ENGLISH) as person:
        person.until("Scan a sample code")
        bench.hand("scan-a", "scan", code="CS-0001")
        person.until("result: baud: 9600, aim: True")
        person.until("Write aim: True into")
        person.type("y")
        assert person.end() == 0
    assert read(bench.file).devices["scan-a"].settings.model_dump()["aim"] is True


def test_a_device_about_which_nobody_quarrels_has_no_steps_and_says_why(bench: Bench) -> None:
    with bench.commission("toner", ENGLISH) as person:
        person.until("Only standard objects are read")
        assert person.end() == 0
    with bench.commission("scan-b", ENGLISH) as person:
        person.until("there is no device 'scan-b'; there are wall-a")
        assert person.end() == 1


@pytest.mark.parametrize("name", names())
def test_what_a_driver_asks_decides_settings_it_has_and_is_said_in_both_languages(name: str) -> None:
    driver = product(name).driver
    steps = driver.COMMISSIONING  # type: ignore[attr-defined]
    assert steps, "neither steps nor a sentence that says why there are none"
    if isinstance(steps, Said):
        assert not steps.zh.isascii() and steps.en.isascii()
        return
    for step in steps:
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
