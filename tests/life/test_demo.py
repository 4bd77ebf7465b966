"""The demo, as `make demo ONCE=1` starts it: the main job holds, and nothing of it stays behind."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from central.demo.courtroom import need_sound
from central.demo.eyes import StepFailed


def test_the_main_job_holds_once_through_and_everything_is_stopped(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    command = [sys.executable, "-m", "central", "demo", "--once", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()[1:]] == [
        "ok deposit",
        "ok handout",
        "ok scan",
        "ok hearing",
        "ok verify",
    ]
    left = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]
    assert [line for line in left if line and str(home) in " ".join(line)] == []


def test_a_home_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "central.yaml").write_text("court: huishan\n")
    command = [sys.executable, "-m", "central", "demo", "--once", "--home", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "no demo" in done.stderr
    assert (tmp_path / "central.yaml").exists()


def test_without_a_sound_server_the_hearing_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StepFailed, match="apt-get install pulseaudio pulseaudio-utils ffmpeg"):
        need_sound()
