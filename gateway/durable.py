"""Files that outlive a power cut: bytes first, then the name, then the folder it stands in."""

import os
from collections.abc import Mapping
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """The file holds all of this, or what it held before; when this returns, it is durable."""
    write_all(path.parent, {path.name: content})


def write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Files by name, readable by their owner alone; all are on disk before the first takes the place of an old one."""
    drafts = {folder / f"{name}.new": folder / name for name in files}
    for draft, content in zip(drafts, files.values(), strict=True):
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    for draft, path in drafts.items():
        draft.replace(path)
    for names in (folder, folder.parent):  # the folder itself may be new
        keep_names(names)


def keep_names(folder: Path) -> None:
    """What stands in the folder under which name is durable; of a file, its bytes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def keep_tree(folder: Path) -> None:
    """All that stands below the folder is durable, whoever wrote it. Raises OSError."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            if path.is_file() and not path.is_symlink():
                keep_names(path)
        keep_names(Path(place))
    keep_names(folder.parent)
