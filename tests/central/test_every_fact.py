"""A running central knows every fact a gateway may tell, whatever of its modules uses it."""

import subprocess
import sys

from devices.schema import json_schema

_TOLD = "import central.app; from devices.messages import Fact; print(*Fact.registry)"


def test_no_fact_that_travels_is_unknown_to_central() -> None:
    known = subprocess.run([sys.executable, "-c", _TOLD], capture_output=True, text=True, check=True).stdout.split()
    travels = {name.removeprefix("fact.") for name in json_schema()["$defs"] if name.startswith("fact.")}
    assert travels - set(known) == set()
