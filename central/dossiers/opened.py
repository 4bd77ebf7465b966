"""Asks the process that opens files, and takes its end, its silence and its nonsense for an answer.

Each file gets a process of its own, which stays for the pages of that file; what befalls it befalls no other.
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

PATIENCE_S = 130.0
"""Longer than the process may compute for one answer: it ends by itself unless it sleeps."""
_LONGEST_ANSWER = 32 * 1024**2
_ENV = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR")

Fetch = Callable[[str], bytes]
"""Blob by SHA-256."""


class FileRefused(Exception):
    """The file cannot be taken; `code` is one of `refusals`."""

    def __init__(self, code: str, params: dict[str, Any]) -> None:
        super().__init__(code)
        self.code, self.params = code, params


class Opener:
    """One worker's way to open files; it holds the last one until another is asked for."""

    def __init__(self, fetch: Fetch, patience_s: float = PATIENCE_S) -> None:
        self._fetch = fetch
        self._patience_s = patience_s
        self._folder = tempfile.TemporaryDirectory(prefix="courtside-")
        self._sha256 = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Nothing is open yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what is open and delete its copy."""
        self._end()
        self._folder.cleanup()

    @property
    def out(self) -> Path:
        """The folder in which answers leave their files."""
        return Path(self._folder.name)

    def ask(self, sha256: str, what: str, **told: Any) -> dict[str, Any]:
        """What `opening` answers about that file. Raises FileRefused, whatever became of the process; NoBlob."""
        process = self._with(sha256)
        request = {"what": what, "file": str(self._copy), **told}
        try:
            assert process.stdin is not None  # noqa: S101  (we asked for a pipe)
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            answer = self._answer(process)
        except (BrokenPipeError, ValueError):
            self._end()
            raise FileRefused("crashed", {}) from None
        if "refused" in answer:
            raise FileRefused(answer["refused"], answer["params"])
        return answer

    @property
    def _copy(self) -> Path:
        return self.out / "file"

    def _with(self, sha256: str) -> subprocess.Popen[bytes]:
        if sha256 != self._sha256:
            self._end()
            for old in self.out.iterdir():
                old.unlink()
            self._copy.write_bytes(self._fetch(sha256))
            self._sha256 = sha256
        if self._process is None:
            env = {name: os.environ[name] for name in _ENV if name in os.environ} | {"OMP_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "central.dossiers.opening"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env=env, bufsize=0,
            )  # fmt: skip
        return self._process

    def _answer(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        """Raises ValueError when it ended or talks nonsense, FileRefused when it is silent too long."""
        assert process.stdout is not None  # noqa: S101  (we asked for a pipe)
        said = b""
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            while not said.endswith(b"\n"):
                if not ready.select(self._patience_s):
                    self._end()
                    raise FileRefused("too_slow", {})
                piece = process.stdout.read(1024**2)
                said += piece or b""
                if not piece or len(said) > _LONGEST_ANSWER:
                    raise ValueError("it ended")
        answer: dict[str, Any] = json.loads(said)
        return answer

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
