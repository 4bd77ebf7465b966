"""A process of our own for what may crash, hang or eat too much: it is asked by a line of JSON and answers with one."""

import json
import os
import selectors
import signal
import subprocess
import sys
from typing import Any

_LONGEST_ANSWER = 32 * 1024**2
_ENV = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "TESSDATA_PREFIX")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1"}
_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""An image is 2,000 small pages of memory, and to be given each takes a new process as long as unpacking it."""


class Ended(Exception):
    """It died or talked nonsense; the next question starts it anew."""


class Silent(Exception):
    """It gave no answer in time and was ended; the next question starts it anew."""


class Asked:
    """Such a process, started when it is first asked, with the processes it starts in turn."""

    def __init__(self, module: str, patience_s: float) -> None:
        self._command = [sys.executable, "-m", module]
        self._patience_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, **question: Any) -> dict[str, Any]:
        """Its answer. Raises Ended, Silent."""
        process = self._running()
        try:
            assert process.stdin is not None  # noqa: S101  (we asked for a pipe)
            process.stdin.write(json.dumps(question).encode() + b"\n")
            return self._answer(process)
        except (BrokenPipeError, ValueError) as error:
            self.end()
            raise Ended(self._command[-1]) from error

    def end(self) -> None:
        """It is gone, and whatever it started."""
        process, self._process = self._process, None
        if process is None:
            return
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            env = {name: os.environ[name] for name in _ENV if name in os.environ} | _ONE_THREAD | _LARGE_PAGES
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env,
                bufsize=0, process_group=0,
            )  # fmt: skip
        return self._process

    def _answer(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        """Raises ValueError when it ended or talks nonsense."""
        assert process.stdout is not None  # noqa: S101  (we asked for a pipe)
        said = b""
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            while not said.endswith(b"\n"):
                if not ready.select(self._patience_s):
                    self.end()
                    raise Silent(self._command[-1])
                piece = process.stdout.read(1024**2)
                said += piece or b""
                if not piece or len(said) > _LONGEST_ANSWER:
                    raise ValueError("it ended")
        answer: dict[str, Any] = json.loads(said)
        return answer
