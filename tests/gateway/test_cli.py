"""The command line: what it prints, and the code it ends with."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from devices.locks import DoorChanged
from gateway.catalogue import names
from gateway.clock import Clock
from gateway.config import GatewayFile, LockerSettings, Stations
from gateway.journal import Journal
from gateway.journal_store import connect

ROOT = Path(__file__).parents[2]
GOOD = "gateway: locker-a\ncourt: huishan\ndata: ./data\n"


def _gateway(*arguments: object) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *map(str, arguments)], capture_output=True, text=True, cwd=ROOT
    )
    return done.returncode, done.stdout, done.stderr


async def _journal(folder: Path, lines: int) -> None:
    async with Journal(folder / "journal.db", "locker-a", "kid-0001", Clock(boot="test")) as journal:
        for cell in range(1, lines):
            await journal.append("wall-a", DoorChanged(cell=cell, door="shut"))


def test_check_says_every_error_of_every_file_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(GOOD.replace("court", "cuort") + "devices: {a: {driver: x/y, port: z}}\n")
    code, out, err = _gateway("check", tmp_path / "good.yaml", tmp_path / "bad.yaml")
    assert code == 1
    assert out == f"{tmp_path / 'good.yaml'}: ok\n"
    assert "bad.yaml line 2: cuort: no such setting; did you mean 'court'?" in err
    assert "bad.yaml line 4: devices.a.driver: 'x/y' is no driver here" in err


def test_check_says_what_to_write_and_no_code_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "port.yaml").write_text(GOOD + "devices: {a: {driver: locks/kr_cu16, port: COM3, cells: 4}}\n")
    (tmp_path / "other.yaml").write_bytes(b"gateway: \xff\xfe")
    code, _, err = _gateway("check", *(tmp_path / f"{name}.yaml" for name in ("port", "other", "none")))
    port, other, none = err.splitlines()
    assert code == 1 and "Errno" not in err and "pattern" not in err
    assert port.startswith("port.yaml line 4: devices.a.port: 'COM3' cannot stand here. Where the device hangs: /dev/")
    assert other == f"{tmp_path / 'other.yaml'}: is no text in UTF-8 (byte 10); save it as that"
    assert none == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory"


def test_commissioning_without_anybody_to_ask_says_so(tmp_path: Path) -> None:
    file = tmp_path / "box.yaml"
    file.write_text(GOOD + "devices: {a: {driver: locks/kr_cu16, port: /dev/ttyUSB7, cells: 4}}\n")
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "commission", str(file), "a"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "nobody can answer here: run it in a terminal, not with its input from a file or /dev/null\n"


def test_check_of_good_files_ends_with_0(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    assert _gateway("check", tmp_path / "good.yaml")[0] == 0


def test_drivers_lists_every_driver_with_what_it_is() -> None:
    code, out, _ = _gateway("drivers")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == names()
    assert "unverified" in out


def test_drivers_tells_the_settings_of_one() -> None:
    code, out, _ = _gateway("drivers", "locks/kr_cu16")
    assert code == 0
    assert "closed_bit" in out
    code, _, err = _gateway("drivers", "locks/kr_cu61")
    assert code == 1
    assert "did you mean 'locks/kr_cu16'?" in err


def test_every_command_option_and_setting_is_in_the_docs() -> None:
    text = (ROOT / "docs" / "gateway.md").read_text()
    settings = {*GatewayFile.model_fields, *Stations.model_fields, *LockerSettings.model_fields}
    assert not {name for name in settings if f"`{name}`" not in text}
    usage = "".join(_gateway(command, "--help")[1] for command in ("run", "check", "drivers", "enrol", "journal"))
    words = {*re.findall(r"--[a-z-]+", usage), "run", "check", "drivers", "enrol", "journal show", "journal verify"}
    assert not {word for word in words - {"--help"} if word not in text}


def test_run_with_a_bad_file_says_so_and_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("gateway: locker-a\n")
    code, out, err = _gateway("run", tmp_path / "bad.yaml")
    assert (code, out) == (1, "")
    assert "bad.yaml line 1: court: is missing; write it" in err


def test_run_before_enrolment_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD.replace("./data", str(tmp_path / "data")))
    code, _, err = _gateway("run", tmp_path / "good.yaml")
    assert code == 1
    assert "courtside-gateway enrol URL TOKEN" in err


def test_run_with_emulators_that_do_not_run_says_how_to_start_them(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    code, _, err = _gateway("run", tmp_path / "good.yaml", "--simulate", "--emulators", tmp_path)
    assert code == 1
    assert "python -m gateway.simulate" in err


def test_enrolment_at_nobody_is_an_error_in_words(tmp_path: Path) -> None:
    code, _, err = _gateway("enrol", "http://127.0.0.1:9", "token.00", "--data", tmp_path)
    assert code == 1
    assert "refused" in err.lower()
    assert "Traceback" not in err


async def test_the_journal_is_shown_as_it_was_written_and_verified(tmp_path: Path) -> None:
    await _journal(tmp_path, 5)
    code, out, _ = _gateway("journal", "show", "--data", tmp_path)
    assert code == 0
    assert [line.partition(",")[0] for line in out.splitlines()] == [f'{{"seq":{n}' for n in range(1, 6)]
    code, out, _ = _gateway("journal", "verify", "--data", tmp_path)
    assert code == 0
    assert "lines 1 to 5 unbroken" in out


async def test_a_changed_line_is_found_and_named(tmp_path: Path) -> None:
    await _journal(tmp_path, 5)
    db = connect(tmp_path / "journal.db")
    db.execute("UPDATE line SET raw = replace(raw, 'shut', 'open') WHERE n = 3")
    db.commit()
    db.close()
    code, _, err = _gateway("journal", "verify", "--data", tmp_path)
    assert code == 1
    assert "line 4" in err


async def test_lines_pruned_from_the_beginning_leave_the_rest_verifiable(tmp_path: Path) -> None:
    await _journal(tmp_path, 5)
    db = connect(tmp_path / "journal.db")
    db.execute("DELETE FROM line WHERE n < 3")
    db.commit()
    db.close()
    code, out, _ = _gateway("journal", "verify", "--data", tmp_path)
    assert code == 0
    assert "lines 3 to 5 unbroken" in out


def test_a_folder_without_a_journal_is_said_so(tmp_path: Path) -> None:
    assert "no journal" in _gateway("journal", "show", "--data", tmp_path)[2]


@pytest.mark.parametrize("command", ["run", "check", "drivers", "enrol", "journal"])
def test_every_command_explains_itself(command: str) -> None:
    code, out, _ = _gateway(command, "--help")
    assert code == 0
    assert "usage: courtside-gateway" in out
