"""`python -m gateway.launch FOLDER ARGUMENTS...`: becomes the software that FOLDER says, and goes back if it fails.

The service manager starts this instead of `courtside-gateway`, from the environment the box was set up with, which
no update touches. So whatever a new release does at its start, or fails to do, the decision is not its own.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from gateway.kept_software import PROGRAM, KeptSoftware

FOLDER, LAUNCHER = "COURTSIDE_SOFTWARE", "COURTSIDE_LAUNCHER"
"""What it tells the gateway by its environment: the folder, and the Python that stands outside of all updates."""
LONGEST_TRIAL_S = 1800.0
"""A release that neither proves itself nor ends within that time is ended."""
_LAST_WORD_S = 20.0
_LOOK_S = 1.0


def main(arguments: list[str]) -> NoReturn:
    """Become the gateway."""
    if not arguments:
        sys.exit("usage: python -m gateway.launch FOLDER ARGUMENTS...")
    folder, own = Path(arguments[0]).absolute(), Path(sys.prefix)
    os.environ[FOLDER], os.environ[LAUNCHER] = str(folder), sys.executable
    try:
        _become(_chosen(KeptSoftware(folder), own, arguments[1:]), arguments[1:])
    except OSError as error:  # a disk that is full or broken must not keep the box from starting
        print(f"gateway.launch: {error}; what the box was set up with is started", file=sys.stderr)  # noqa: T201
    _become(own / PROGRAM, arguments[1:])


def _become(program: Path, arguments: list[str]) -> NoReturn:
    os.execv(program, [str(program), *arguments])  # noqa: S606 - no shell is wanted


def _chosen(kept: KeptSoftware, own: Path, arguments: list[str]) -> Path:
    """The program of the last good release; one on trial is become at once, unless the system will not have it."""
    gateway = os.getpid()
    while True:
        program = kept.begin(own)
        if kept.trying is None:
            return program
        if os.fork() == 0:
            _stand_by(kept.folder, gateway)
        try:
            _become(program, arguments)
        except OSError as error:
            kept.give_up(f"it cannot be started: {error}")


def _stand_by(folder: Path, gateway: int) -> NoReturn:
    """A child that ends the trial should it never end by itself; it goes when the gateway does."""
    end = time.monotonic() + LONGEST_TRIAL_S
    while time.monotonic() < end:
        time.sleep(_LOOK_S)
        if os.getppid() != gateway or KeptSoftware(folder).trying is None:
            os._exit(0)
    KeptSoftware(folder).give_up(f"it neither proved itself within {LONGEST_TRIAL_S:.0f} s nor ended")
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(gateway, number)
        time.sleep(_LAST_WORD_S)
        if os.getppid() != gateway:
            break
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
