"""An error in a gateway's file names the file, the line and what to write instead."""

from pathlib import Path

import pytest

from gateway.config import parse, read
from gateway.config_text import BadConfig

ROOT = Path(__file__).parents[2]
GOOD = """\
gateway: locker-a
court: huishan
data: ./data
devices:
  wall-a:
    driver: locks/kr_cu16
    port: /dev/ttyS1
    cells: 12
  reader-a:
    driver: readers/serial_barcode
    port: /dev/ttyS2
  slip-a: {driver: printers/escpos, port: "tcp://192.0.2.7:9100"}
stations:
  locker:
    locks: [wall-a]
    reader: reader-a
    printer: slip-a
    left_open_s: 30
"""


def _errors(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "locker-a.yaml"
    file.write_text(text)
    with pytest.raises(BadConfig) as caught:
        read(file)
    return caught.value.errors


def test_a_good_file_gives_checked_settings(tmp_path: Path) -> None:
    file = tmp_path / "locker-a.yaml"
    file.write_text(GOOD)
    config = read(file)
    assert config.devices["wall-a"].settings.model_dump()["cells"] == 12
    assert config.devices["slip-a"].product.kind == "printers"
    assert config.top.stations.locker is not None
    assert config.top.stations.locker.left_open_s == 30


def test_ports_can_be_moved_without_touching_the_file(tmp_path: Path) -> None:
    file = tmp_path / "locker-a.yaml"
    file.write_text(GOOD)
    moved = read(file).moved({"/dev/ttyS1": "/tmp/x"})
    assert moved.devices["wall-a"].settings.port == "/tmp/x"
    assert moved.devices["reader-a"].settings.port == "/dev/ttyS2"
    assert file.read_text() == GOOD


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        (
            "locks/kr_cu61",
            "locks/kr_cu16",
            "locker-a.yaml line 6: devices.wall-a.driver: 'locks/kr_cu61' is no driver here; "
            "did you mean 'locks/kr_cu16'?",
        ),
        ("    cell: 12", "    cells: 12", "line 8: devices.wall-a.cell: no such setting; did you mean 'cells'?"),
        ("    cells: 99", "    cells: 12", "line 8: devices.wall-a.cells: Input should be less than or equal to 16"),
        ("cuort: huishan", "court: huishan", "line 2: cuort: no such setting; did you mean 'court'?"),
        ("gateway: host", "gateway: locker-a", "line 1: gateway: 'host' is reserved; choose another name"),
        ("gateway: Locker A", "gateway: locker-a", "line 1: gateway: 'Locker A': use 1 to 48 of a-z, 0-9 and '-'"),
        ("left_open: 30", "left_open_s: 30", "line 18: stations.locker.left_open: no such setting; did you mean"),
        (
            "locks: [wal-a]",
            "locks: [wall-a]",
            "line 15: stations.locker.locks.0: 'wal-a' is no device of locks here; did you mean 'wall-a'?",
        ),
        ("reader: slip-a", "reader: reader-a", "line 16: stations.locker.reader: 'slip-a' is no device of readers"),
        (
            "port: tty1",
            "port: /dev/ttyS1",
            "line 7: devices.wall-a.port: 'tty1' cannot stand here. Where the device hangs: /dev/",
        ),
        (
            "    port: /dev/ttyS1",
            "    port: /dev/ttyS2",
            "line 11: devices.reader-a.port: is wall-a's port too, whose driver is locks/kr_cu16; a bus has one driver",
        ),
        (
            "  wall-a:\n    port",
            "  wall-a:\n    driver: locks/kr_cu16\n    port",
            "line 5: devices.wall-a: has no driver",
        ),
        ("data: ./data\ngateway: b", "data: ./data", "line 4: gateway: stands here again, first in line 1"),
        ("data: !!python/name:os.system x", "data: ./data", "line 3: no YAML"),
        ("  wall-a: [", "  wall-a:", "no YAML"),
    ],
)
def test_an_error_says_where_it_is_and_what_to_write(tmp_path: Path, wrong: str, right: str, said: str) -> None:
    broken = (
        GOOD.replace(right, wrong, 1) if right != "    port: /dev/ttyS2" else GOOD.replace("/dev/ttyS2", "/dev/ttyS1")
    )
    errors = _errors(tmp_path, broken)
    assert any(said in error for error in errors), errors


def test_every_error_of_a_file_is_said_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    errors = _errors(
        tmp_path, GOOD.replace("cells: 12", "cells: 99").replace("court: huishan", "").replace("/dev/ttyS2", "x")
    )
    assert len(errors) == 3
    assert errors == sorted(errors, key=lambda error: int(error.split("line ")[1].split(":")[0]))


def test_a_missing_setting_is_said_where_it_should_stand(tmp_path: Path) -> None:
    assert "locker-a.yaml line 1: court: is missing; write it" in _errors(
        tmp_path, GOOD.replace("court: huishan\n", "")
    )


def test_two_devices_with_the_same_address_on_one_bus_are_refused(tmp_path: Path) -> None:
    second = "  wall-b: {driver: locks/kr_cu16, port: /dev/ttyS1, cells: 12}\n"
    errors = _errors(tmp_path, GOOD.replace("  reader-a:\n", second + "  reader-a:\n"))
    assert errors == [
        "locker-a.yaml line 9: devices.wall-b.port: all settings are those of wall-a; "
        "give each device on a bus its own address"
    ]


def test_a_port_by_which_the_device_is_not_reached_is_said(tmp_path: Path) -> None:
    at_a_serial_port = GOOD.replace("stations:", "  wall-b: {driver: displays/pjlink, port: /dev/ttyS3}\nstations:")
    (error,) = _errors(tmp_path, at_a_serial_port)
    assert error == "locker-a.yaml line 13: devices.wall-b.port: displays/pjlink is not reached by serial, but by tcp"


def test_a_board_that_looks_too_seldom_to_see_a_press_is_said(tmp_path: Path) -> None:
    room = "room: court-3, seats: {judge: {device: mic-a}}, buttons: {red: {device: wall-a, cell: 1, does: start}}"
    mic = '  mic-a: {driver: microphones/ffmpeg_input, port: "alsa:hw:CARD=table"}\n'
    (error,) = _errors(tmp_path, GOOD.replace("stations:\n", f"{mic}stations:\n  courtroom: {{{room}}}\n"))
    assert error.endswith("buttons.red: wall-a looks too seldom to see a press; write `poll_s: 0.1`")


def test_two_boards_with_their_own_addresses_share_a_bus(tmp_path: Path) -> None:
    second = "  wall-b: {driver: locks/kr_cu16, port: /dev/ttyS1, board: 1}\n"
    file = tmp_path / "locker-a.yaml"
    file.write_text(GOOD.replace("  reader-a:\n", second + "  reader-a:\n"))
    assert set(read(file).devices) == {"wall-a", "wall-b", "reader-a", "slip-a"}


@pytest.mark.parametrize("text", ["", "just words", "- a list"])
def test_a_file_that_is_no_mapping_says_what_to_write(tmp_path: Path, text: str) -> None:
    assert _errors(tmp_path, text) == [
        "locker-a.yaml line 1: write `gateway: NAME`, `court: NAME`, `data: FOLDER`, `devices:`"
    ]


@pytest.mark.parametrize("value", ["2026-13-45", "9" * 5000, "0x_", "!!timestamp x", "&x [*x]", "[" * 900 + "]" * 900])
def test_a_value_that_reads_as_nothing_is_an_error_like_others(tmp_path: Path, value: str) -> None:
    (tmp_path / "box.yaml").write_text(f"{GOOD}data_2: {value}\n")
    with pytest.raises(BadConfig, match="no YAML"):
        read(tmp_path / "box.yaml")


def test_a_file_that_is_not_there_is_an_error_like_others(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="cannot be read"):
        read(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("file", sorted((ROOT / "firmware_configs" / "gateways").glob("*.yaml")), ids=lambda f: f.name)
def test_every_file_we_ship_is_good(file: Path) -> None:
    assert read(file).top.gateway == file.stem


def test_a_device_that_is_emulated_leaves_the_fingerprint_of_the_real_one_behind() -> None:
    panel = "{driver: displays/samsung_mdc, port: 'tcp://127.0.0.1:1515', pin: '123456', fingerprint: '%s'}" % (
        "ab" * 32
    )
    config = parse("wall.yaml", f"gateway: wall\ncourt: huishan\ndata: data\ndevices:\n  panel-a: {panel}\n")
    there = config.moved({"tcp://127.0.0.1:1515": "tcp://127.0.0.1:9"}).devices["panel-a"].settings
    kept = config.moved({}).devices["panel-a"].settings
    told = [(each.port, getattr(each, "fingerprint")) for each in (there, kept)]  # noqa: B009  (few drivers have one)
    assert told == [("tcp://127.0.0.1:9", ""), ("tcp://127.0.0.1:1515", "ab" * 32)]
