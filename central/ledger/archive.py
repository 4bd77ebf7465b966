"""An export in somebody's hands: the ZIP, or the folder it was unpacked into. Nothing in it is trusted."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_SWELL, _SMALL = 50, 4096
"""A file unpacks to at most so many times its packed size, which is at least taken for so many bytes: a line holds
two hashes, which do not shrink. An archive made to fill the memory does not get further."""
_PIECE = 1024**2
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
"""What zipfile raises at an entry whose bytes were altered."""


class BadArchive(ValueError):
    """It cannot be read; the text says what is wrong with which file."""


class Archive:
    """Its files by name."""

    def __init__(self, place: zipfile.ZipFile | Path) -> None:
        self._place = place
        if isinstance(place, Path):
            self.names = frozenset(p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file())
        else:
            self.names = frozenset(name for name in place.namelist() if not name.endswith("/"))

    def read(self, name: str) -> bytes:
        """A file. Raises BadArchive: it is missing, damaged, or made to fill the memory."""
        with self._opened(name) as file:
            most = self._most(name)
            content = file.read(most + 1)
        if len(content) > most:
            raise BadArchive(f"{name} unpacks to more than {most} bytes; no export does")
        return content

    def sha256(self, name: str) -> str:
        """Its hash, however large it is. Raises BadArchive."""
        digest = hashlib.sha256()
        with self._opened(name) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    @contextmanager
    def _opened(self, name: str) -> Iterator[IO[bytes]]:
        if name not in self.names:
            raise BadArchive(f"{name} is missing")
        try:
            with (
                self._place.open(name)
                if isinstance(self._place, zipfile.ZipFile)
                else (self._place / name).open("rb") as file
            ):
                yield file
        except _UNREADABLE as error:
            raise BadArchive(f"{name} cannot be read: {error}") from error

    def _most(self, name: str) -> int:
        if isinstance(self._place, zipfile.ZipFile):
            return _SWELL * max(self._place.getinfo(name).compress_size, _SMALL)
        return (self._place / name).stat().st_size


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The export at that path. Raises BadArchive if it is none."""
    if path.is_dir():
        yield Archive(path)
        return
    try:
        archive = zipfile.ZipFile(path)
    except _UNREADABLE as error:
        raise BadArchive(f"the archive cannot be read: {error}") from error
    with archive:
        yield Archive(archive)
