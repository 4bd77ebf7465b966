"""A watched folder: what another program lays into it is brought into dossiers, by the same way as by page and API.

FOLDER/<case number or a volume's barcode>/<file>    brought in once it no longer grows
FOLDER/taken/<...>/<file>                            moved here when its blob is durable and its row written
FOLDER/refused/<...>/<file> and <file>.txt           could not be taken; the text says why
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from central.blobs import Blobs, WrongBlob
from central.cases import service as cases
from central.cases.numbers import read_number
from central.cases.tables import Case
from central.dossiers import service
from central.people.roles import Actor
from central.store import Store
from central.web.refused import Refused, Said

TAKEN, REFUSED = "taken", "refused"
SETTLED_S = 3.0
"""A file that has not changed for so long is whole."""


@dataclass(frozen=True)
class Outcome:
    """What became of a file; `said`: why it was refused."""

    path: Path
    said: Said | None


@dataclass(frozen=True)
class Watched:
    """One folder, in the name of one person."""

    folder: Path
    store: Store
    blobs: Blobs
    person: Actor
    clock: Callable[[], datetime]

    def take_in(self, seen: Mapping[Path, tuple[int, int]]) -> Iterator[Outcome]:
        """Bring in what stands as it was `seen` (size and time of the last change). Raises OSError."""
        for path, stood in seen.items():
            if path.exists() and _stands(path) == stood:
                with contextlib.suppress(WrongBlob):  # it grows again
                    yield self._bring(path)

    def look(self) -> dict[Path, tuple[int, int]]:
        """Every file that waits, and how it stands. Raises OSError.

        A link is none: who may lay files here must not bring in others of this machine.
        """
        folders = [path for path in sorted(self.folder.iterdir()) if path.is_dir() and not path.is_symlink()]
        named = [path for path in folders if path.name not in (TAKEN, REFUSED) and not path.name.startswith(".")]
        files = [path for folder in named for path in sorted(folder.iterdir())]
        files = [path for path in files if path.is_file() and not path.is_symlink()]
        return {path: _stands(path) for path in files if not path.name.startswith((".", "~$"))}

    def _bring(self, path: Path) -> Outcome:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        try:
            with self.store.write() as session:
                case = _case(session, _name_of(path.parent))
                size = self.blobs.put_file(path, sha256) if path.stat().st_size else 0
                brought = service.Brought(_name_of(path), sha256, size)
                service.bring(session, self.person, case.id, brought, self.clock())
        except Refused as refused:
            moved = self._moved(path, REFUSED)
            moved.with_name(f"{moved.name}.txt").write_text(f"{refused}\n", "utf-8")
            return Outcome(moved, refused.said)
        return Outcome(self._moved(path, TAKEN), None)

    def _moved(self, path: Path, to: str) -> Path:
        target = self.folder / to / _name_of(path.parent) / _name_of(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target = target.with_name(f"{int(time.time() * 1000)}-{target.name}")
        return path.rename(target)


def _case(session: Session, name: str) -> Case:
    volume = cases.volume_by_barcode(session, name)
    if volume is not None:
        return volume.case
    case = cases.case_by_number(session, read_number(name))
    if case is None:
        raise Refused("没有这个案件。", code="no_such_case", status=404)
    return case


def _name_of(path: Path) -> str:
    """Its name as text: what is not UTF-8 is GBK, as Chinese Windows writes it."""
    name = os.fsencode(path.name)
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("gb18030", "replace")


def _stands(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
