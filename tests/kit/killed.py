"""A process that ends at one of its durable writes, as a power cut or `kill -9` would end it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from gateway import durable


class _Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at_write(monkeypatch: pytest.MonkeyPatch, step: int, *, after: bool) -> Iterator[None]:
    """The block ends at durable write number `step`, from 0: before it, or just after it."""
    write, left = durable.write, step

    def killing(path: Path, content: bytes) -> None:
        nonlocal left
        if left == 0 and not after:
            raise _Killed
        write(path, content)
        if left == 0:
            raise _Killed
        left -= 1

    with monkeypatch.context() as patched, suppress(_Killed):
        patched.setattr(durable, "write", killing)
        yield
