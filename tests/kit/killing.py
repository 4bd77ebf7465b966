"""Loaded by an environment of the tests: kills the whole session at one change of a file after another.

`KILL_BELOW` names the folder whose changes count, `KILL_COUNT` the file that counts them over all processes. The end
comes before change number `KILL_AT` of those that begin with `KILL_BEFORE`; without it they are only written down.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR


def _begin(below: str, count: str) -> None:
    at, before = int(os.environ.get("KILL_AT", "0")), os.environ.get("KILL_BEFORE", "")
    fsync = os.fsync

    def step(what: str) -> None:
        descriptor = os.open(count, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, f"{what}\n".encode())
        os.close(descriptor)
        if at and what.startswith(before) and f"\n{Path(count).read_text()}".count(f"\n{before}") == at + (not before):
            os.killpg(0, signal.SIGKILL)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        told = _told(event, args, below)
        if told and not any(word in sys.argv[0] for word in ("venv", "pip")):
            step(told)

    def counted(descriptor: int) -> None:
        path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        if path.startswith(below):
            step(f"fsync {path[len(below) :]}")
        fsync(descriptor)

    os.fsync = counted  # type: ignore[assignment]
    sys.addaudithook(hook)


def _told(event: str, args: tuple[Any, ...], below: str) -> str:
    read: dict[str, Callable[[], str]] = {
        "open": lambda: f"open {args[0]}" if isinstance(args[2], int) and args[2] & _WRITES else "",
        "os.rename": lambda: f"rename {args[1]}",
        "os.mkdir": lambda: f"mkdir {args[0]}",
        "os.symlink": lambda: f"symlink {args[1]}",
        "subprocess.Popen": lambda: f"run {' '.join(map(str, args[1]))}",
        "os.exec": lambda: f"exec {args[0]}",
    }
    told = read[event]() if event in read else ""
    return told.replace(below, "") if below in told else ""


if os.environ.get("KILL_BELOW"):
    _begin(os.environ["KILL_BELOW"], os.environ["KILL_COUNT"])
