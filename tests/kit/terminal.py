"""A program in a real terminal: what it says is waited for, what a person would type is typed."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

PATIENCE_S = 60.0


class Typed:
    """`python -m MODULE ARGUMENTS` at a pseudo-terminal; `said` is all it said."""

    def __init__(self, module: str, *arguments: object, env: Mapping[str, str] | None = None) -> None:
        self.said = ""
        self._at = 0
        near, far = pty.openpty()
        self._near = near
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            stdin=far,
            stdout=far,
            stderr=far,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        os.close(far)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        os.close(self._near)

    def until(self, text: str) -> None:
        """Return once it says so after what was waited for last. AssertionError with what it said instead."""
        end = time.monotonic() + PATIENCE_S
        while (found := self.said.find(text, self._at)) < 0:
            assert self._heard(end), f"{text!r} was not said:\n{self.said}"
        self._at = found + len(text)

    def type(self, text: str = "") -> None:
        """Type a line and press Enter."""
        os.write(self._near, f"{text}\n".encode())

    def end(self) -> int:
        """Read to its end; gives the exit code."""
        end = time.monotonic() + PATIENCE_S
        while self._heard(end):
            pass
        return self._process.wait(PATIENCE_S)

    def _heard(self, end: float) -> bool:
        """Whether more was said in time."""
        ready, _, _ = select.select([self._near], [], [], max(0.0, end - time.monotonic()))
        try:
            data = os.read(self._near, 4096) if ready else b""
        except OSError:  # Linux's way to say that nobody has the far end open
            data = b""
        self.said += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)
