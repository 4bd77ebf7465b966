"""Every parser under atheris for two minutes: what breaks a law of the wires is found by the branches it reaches."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests import house

SECONDS = 120


@pytest.mark.long
def test_no_bytes_that_a_fuzzer_finds_break_a_law_of_the_wires(counted: Callable[[str], None]) -> None:
    pytest.importorskip("atheris", reason="there is no wheel of atheris for this Python or machine")
    command = [sys.executable, "-m", "tests.fuzz", str(SECONDS)]
    done = subprocess.run(command, cwd=house.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    (runs,) = re.findall(r"Done ([0-9]+) runs", done.stderr)
    counted(f"{runs} inputs, no law broken")
    assert int(runs) > 0
