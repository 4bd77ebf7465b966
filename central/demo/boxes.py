"""More gateways than the locker's: each invited, enrolled and started as a person would, with emulated devices."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from central.demo.children import Child
from central.demo.eyes import StepFailed
from central.demo.stage import Stage, gateway_file

_BIN = Path(sys.executable).parent


def start_gateway(court: Stage, name: str, adapt: Callable[[dict[str, Any]], None]) -> Child:
    """Start the gateway of that name; `adapt` alters the stations of its file as delivered. Raises StepFailed."""
    told = run("central", "gateway", "invite", name, "--home", str(court.settings.home))
    token = re.search(r"enrol \S+ (\S+)", told)
    if token is None:
        raise StepFailed(f"no token in: {told}")
    run("gateway", "enrol", court.url, token[1], "--data", str(court.settings.home / name))
    path = gateway_file(court.settings.home, name, adapt)
    command = [str(_BIN / "courtside-gateway"), "run", str(path), "--simulate", "--emulators-port=0"]
    return court.children.start(name, command, court.settings.home)


def page_of(gateway: Child) -> str:
    """Address of the page with its emulated devices' buttons. Raises ChildFailed."""
    return gateway.wait_for(r'"emulators": "([^"]+)"', 60)[1]


def run(module: str, *arguments: str) -> str:
    """What a program of ours prints. Raises StepFailed with all it said if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode != 0:
        raise StepFailed(f"{module} {arguments[0]} ended with {done.returncode}: {done.stdout} {done.stderr}")
    return done.stdout
