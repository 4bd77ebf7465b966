"""Programs the demo starts: each in its own session with its own log, ended by its number and with its parent."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LOOK_S = 0.05
_PATIENCE_S = 10.0
_LISTENS_S = 10.0
_LAST_LINES = 5


class ChildFailed(Exception):
    """A program did not become ready, or ended; the text names it, its code and the end of its log."""


@dataclass(frozen=True)
class Child:
    """One running program."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait_for(self, pattern: str, seconds: float = 30.0) -> re.Match[str]:
        """The first match in its log, as soon as it is there. Raises ChildFailed."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = re.search(pattern, self.log.read_text(errors="replace"))
            if found:
                return found
            if self.process.poll() is not None:
                raise ChildFailed(self.obituary)
            time.sleep(_LOOK_S)
        raise ChildFailed(f"{self.name} is not ready after {seconds:.0f} s\n{self._last_lines()}")

    def wait_for_port(self, port: int) -> None:
        """Return once it listens there, on the loopback. Raises ChildFailed."""
        until = time.monotonic() + _LISTENS_S
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), _LOOK_S):
                return
            if self.process.poll() is not None:
                raise ChildFailed(self.obituary)
            time.sleep(_LOOK_S)
        raise ChildFailed(f"{self.name} does not listen on port {port}\n{self._last_lines()}")

    @property
    def obituary(self) -> str:
        """How it ended."""
        return f"{self.name} ended with code {self.process.poll()}\n{self._last_lines()}"

    def _last_lines(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()[-_LAST_LINES:]
        return "\n".join(f"    {line}" for line in [*lines, f"(log: {self.log})"])


class Children:
    """All of them, ended in reverse order when the context does."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[Child] = []
        self._leash = shutil.which("setpriv")

    def __enter__(self) -> "Children":
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        while self._running:
            self.stop(self._running[-1])

    def start(self, name: str, command: Sequence[str], folder: Path) -> Child:
        """Start a program in a folder; it gets SIGTERM should we die without a word."""
        log = self._logs / f"{name}.log"
        leash = [self._leash, "--pdeathsig", "TERM", "--"] if self._leash else []
        with log.open("wb") as told:
            process = subprocess.Popen(
                [*leash, *command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                start_new_session=True,  # Ctrl-C in the terminal is for us alone
            )
        child = Child(name, process, log)
        self._running.append(child)
        return child

    def stop(self, child: Child) -> None:
        """End one: asked first, killed if it does not listen."""
        self._running.remove(child)
        child.process.terminate()
        try:
            child.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()

    def check(self) -> None:
        """Raises ChildFailed if one has ended by itself."""
        for child in self._running:
            if child.process.poll() is not None:
                raise ChildFailed(child.obituary)
