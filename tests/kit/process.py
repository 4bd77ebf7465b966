"""Programs run by a test: started, waited for by what they say, killed; nothing of them stays behind.

Everything is waited for by an event, never by the clock; what does not come within `PATIENCE_S` fails.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.kit.powercut import ForgetfulDisk

PATIENCE_S = 60.0
_LOOK_S = 0.02
_ROOT = Path(__file__).parents[2]


class NotInTime(AssertionError):
    """What was waited for did not come."""


def until(what: str, holds: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """The first true value of `holds`; raises NotInTime."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if value := holds():
            return value
        time.sleep(_LOOK_S)
    raise NotInTime(f"{what}: not within {patience_s:.0f} s")


class Process:
    """One process that can be killed and started again; what it says goes to a log."""

    def __init__(self, name: str, command: Sequence[str | Path], log: Path, ready: Callable[[], bool] | str) -> None:
        self.name = name
        self.log = log
        self.disk: ForgetfulDisk | None = None
        """The disk it runs on, if that is to forget."""
        self._command = command
        self._ready = ready
        self._child: subprocess.Popen[bytes] | None = None
        self._said_before = 0

    @property
    def runs(self) -> bool:
        """True while it lives."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its number while it lives."""
        assert self._child is not None, f"{self.name} does not run"
        return self._child.pid

    def start(self) -> None:
        """Start it and wait until it is ready; raises NotInTime with its last words."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start it and do not wait."""
        self._said_before = self.log.stat().st_size if self.log.exists() else 0
        environment = self.disk.environment if self.disk else {**os.environ}
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command,
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment | {"PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Return once it is; raises NotInTime with its last words."""
        until(f"{self.name} is ready", self._is_ready)

    def kill9(self) -> None:
        """End it at once, with all it started: nothing of it gets a chance to say goodbye."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def said(self, text: str) -> bool:
        """True if it said so since it was last started."""
        with self.log.open("rb") as log:
            log.seek(self._said_before)
            return text.encode() in log.read()

    def last_words(self, lines: int = 30) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _is_ready(self) -> bool:
        if not self.runs:
            raise NotInTime(f"{self.name} ended by itself:\n{self.last_words()}")
        return self.said(self._ready) if isinstance(self._ready, str) else self._ready()

    def _end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if number is signal.SIGKILL:
            _signal_group(child.pid, number)
        else:
            child.send_signal(number)
        try:
            child.wait(PATIENCE_S)
        finally:
            _signal_group(child.pid, signal.SIGKILL)  # what it may have started and left behind
            child.wait()


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


class Failed(AssertionError):
    """A program ended with another code than 0; the text tells what it said."""


def run(program: Path, *arguments: str | Path, cwd: Path = _ROOT) -> str:
    """Run a program to its end; gives what it said. Raises Failed."""
    done = subprocess.run(
        [program, *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise Failed(f"{program.name} {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout
