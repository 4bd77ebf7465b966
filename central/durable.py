"""Files that outlive a power cut: bytes first, then the name, then the folder it stands in."""

import os
from pathlib import Path


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """The file holds all of this, or what it held before; when this returns, it is durable."""
    draft = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    keep_names(path.parent)
    keep_names(path.parent.parent)  # the folder itself may be new


def keep_names(folder: Path) -> None:
    """The names in this folder, as they are now, are durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
