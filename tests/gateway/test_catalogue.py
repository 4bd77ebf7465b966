"""Drivers are found by walking, and told to central as a blob that changes when a driver does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import drivers
from gateway.catalogue import UnknownDriver, emulator, names, product
from gateway.catalogue_blob import catalogue_blob, kept_blob
from tests.kit.everything import example

PRODUCTS = {"locks/kr_cu16", "locks/board_8a", "readers/serial_barcode", "printers/escpos"}


STAGED = {"/".join(path.parts[-3:-1]) for root in drivers.__path__ for path in Path(root).glob("*/*/stage.py")}
"""Drivers over a library, which have no line and so no baud, and a stage in the emulator's place."""


def test_every_folder_with_a_driver_is_found() -> None:
    assert set(names()) >= PRODUCTS


@pytest.mark.parametrize("name", names())
def test_every_driver_tells_what_it_is(name: str) -> None:
    told = product(name).describe()
    assert told["about"]
    assert told["transports"]
    settings = told["settings"]["properties"]
    without_baud = name in STAGED or "serial" not in told["transports"]
    assert {"port", "baud"} - ({"baud"} if without_baud else set()) <= settings.keys()
    assert all(setting.get("description") for setting in settings.values())


@pytest.mark.parametrize("name", sorted(set(names()) - STAGED))
def test_every_driver_has_an_emulator_with_hands(name: str) -> None:
    settings = product(name).driver.Config(port=example(name, 4000)["port"]).model_dump()  # type: ignore[call-arg]
    emulated = emulator(name, settings)
    json.dumps(emulated.look())
    assert emulated.hands()


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownDriver, match="did you mean 'locks/board_8a'"):
        product("locks/board8a")
    with pytest.raises(UnknownDriver, match=r"there are .*locks/board_8a"):
        product("zzz")


def test_a_name_that_climbs_out_of_the_folder_is_no_driver() -> None:
    with pytest.raises(UnknownDriver):
        product("../gateway")


@pytest.mark.parametrize(
    ("name", "obeys"),
    [
        ("displays/web_screen", ["show_notice"]),
        ("displays/pjlink", ["freeze_picture", "switch_display"]),
        ("displays/lg_serial", ["switch_display"]),
        ("printers/zpl", ["print_label"]),
        ("printers/ipp", ["print_letter"]),
        ("printers/escpos", ["print_receipt"]),
        ("locks/kr_cu16", ["open_cell"]),
        ("cameras/visca", ["show_view"]),
        ("cameras/ffmpeg_picture", []),
        ("readers/gm65", []),
    ],
)
def test_a_driver_tells_which_wishes_its_device_can_obey(name: str, obeys: list[str]) -> None:
    assert product(name).describe()["obeys"] == obeys


def test_the_catalogue_holds_every_drivers_settings_and_the_version() -> None:
    told = json.loads(catalogue_blob())
    assert set(told["drivers"]) == set(names())
    assert told["version"]
    assert {"devices", "stations"} <= told["file"]["properties"].keys()
    assert told["drivers"]["locks/kr_cu16"]["settings"]["properties"]["closed_bit"]


def test_the_kept_catalogue_is_the_same_and_is_made_once(tmp_path: Path) -> None:
    first = kept_blob(tmp_path)
    assert first == catalogue_blob()
    (kept,) = tmp_path.glob("catalogue-*.json")
    made = kept.stat().st_mtime_ns
    assert kept_blob(tmp_path) == first
    assert kept.stat().st_mtime_ns == made


def test_a_catalogue_of_other_drivers_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "catalogue-0000000000000000.json").write_text("{}")
    assert kept_blob(tmp_path) == catalogue_blob()
    assert len(list(tmp_path.glob("catalogue-*.json"))) == 1


def test_only_the_drivers_of_the_file_are_imported() -> None:
    program = (
        "import sys; from pathlib import Path; from gateway.catalogue import names, product;"
        "names(); product('locks/kr_cu16');"
        "print([m for m in sys.modules if m.startswith('drivers.') and m.endswith('.driver')])"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "['drivers.locks.kr_cu16.driver']"
