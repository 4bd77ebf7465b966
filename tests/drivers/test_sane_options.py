"""Options as backends of real document scanners tell them (sane-fujitsu(5), sane-canon_dr(5)), without a scanner."""

from dataclasses import dataclass
from typing import Any

import pytest

from devices.errors import WishRejected
from devices.scanners import Mode, ScanOption, Source
from drivers.scanners.sane import options

READ, HARD, INACTIVE = 4, 2, 32
BOOL, STRING = 0, 3


@dataclass
class Told:
    name: str
    type: int = BOOL
    cap: int = READ
    constraint: Any = None
    unit: int = 0
    size: int = 4
    title: str = ""

    @property
    def py_name(self) -> str:
        return self.name.replace("-", "_")


def choosing(*choices: str) -> ScanOption:
    return ScanOption(name="x", title="", type="text", choices=choices)


@pytest.mark.parametrize(
    ("choices", "source", "found"),
    [
        (("Flatbed", "ADF Front", "ADF Back", "ADF Duplex"), "feeder", "ADF Front"),
        (("ADF Front", "ADF Back", "ADF Duplex"), "feeder_duplex", "ADF Duplex"),
        (("Flatbed", "Automatic Document Feeder"), "feeder", "Automatic Document Feeder"),
        (("Flatbed", "Automatic Document Feeder"), "flatbed", "Flatbed"),
    ],
)
def test_each_backends_name_of_a_source_is_found(choices: tuple[str, ...], source: Source, found: str) -> None:
    assert options.source_named(choosing(*choices), source) == found


def test_a_source_or_mode_it_has_not_is_refused_with_those_it_has() -> None:
    with pytest.raises(WishRejected, match="it has ADF Front, ADF Duplex"):
        options.source_named(choosing("ADF Front", "ADF Duplex"), "flatbed")
    with pytest.raises(WishRejected, match="cannot scan both sides"):
        options.source_named(None, "feeder_duplex")


@pytest.mark.parametrize(("mode", "found"), [("lineart", "Lineart"), ("gray", "Gray"), ("color", "Color")])
def test_each_mode_is_found_among_those_of_a_document_scanner(mode: Mode, found: str) -> None:
    assert options.mode_named(choosing("Lineart", "Halftone", "Gray", "Color"), mode) == found


def test_sensors_tell_the_feeder_and_a_jam_with_the_double_feed_sensor_is_a_double_feed() -> None:
    assert options.state_of({}) == ("unknown", "none")
    assert options.state_of({"page-loaded": True}) == ("loaded", "none")
    assert options.state_of({"page-loaded": False, "cover-open": True}) == ("empty", "cover_open")
    assert options.state_of({"page-loaded": True, "double-feed": True}) == ("loaded", "double_feed")


def test_a_button_is_asked_only_if_it_is_there_now_and_cannot_be_set() -> None:
    assert options.sensed(Told("scan", cap=READ | HARD))
    assert not options.sensed(Told("scan", cap=READ | HARD | INACTIVE))
    assert not options.sensed(Told("scan", cap=READ | 1))
    assert not options.sensed(Told("source", STRING))


def test_tables_buttons_and_the_nameless_are_no_settings() -> None:
    assert options.described(Told("gamma-table", 1, size=1024)) is None
    assert options.described(Told("calibrate", 4)) is None
    assert options.described(Told("", 1)) is None
