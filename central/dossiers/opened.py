"""Asks what opens files, and takes its end, its silence and its nonsense for an answer."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from central.dossiers.asked import Asked, Ended, Silent

PATIENCE_S = 130.0
"""Longer than a process may compute for one answer: it ends by itself unless it sleeps."""

Fetch = Callable[[str], bytes]
"""Blob by SHA-256."""


class FileRefused(Exception):
    """The file cannot be taken; `code` is one of `refusals`."""

    def __init__(self, code: str, params: dict[str, Any]) -> None:
        super().__init__(code)
        self.code, self.params = code, params


class Opener:
    """One worker's way to open files; it holds a copy of the last one until another is asked for."""

    def __init__(self, fetch: Fetch, patience_s: float = PATIENCE_S) -> None:
        self._fetch = fetch
        self._folder = tempfile.TemporaryDirectory(prefix="courtside-")
        self._sha256 = ""
        self._asked = Asked("central.dossiers.opening", patience_s)

    def __enter__(self) -> Self:
        """Nothing is open yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what is open and delete its copy."""
        self._asked.end()
        self._folder.cleanup()

    @property
    def out(self) -> Path:
        """The folder in which answers leave their files."""
        return Path(self._folder.name)

    def ask(self, sha256: str, what: str, **told: Any) -> dict[str, Any]:
        """What `opening` answers about that file. Raises FileRefused, whatever became of the process; NoBlob."""
        try:
            answer = self._asked.ask(what=what, file=str(self._copy_of(sha256)), **told)
        except Ended:
            raise FileRefused("crashed", {}) from None
        except Silent:
            raise FileRefused("too_slow", {}) from None
        if "refused" in answer:
            raise FileRefused(answer["refused"], answer["params"])
        return answer

    def _copy_of(self, sha256: str) -> Path:
        copy = self.out / "file"
        if sha256 != self._sha256:
            for old in self.out.iterdir():
                old.unlink()
            copy.write_bytes(self._fetch(sha256))
            self._sha256 = sha256
        return copy
