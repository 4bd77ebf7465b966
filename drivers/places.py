"""Where drivers lie: in this package, and in folders of the court's own, which the environment names.

`COURTSIDE_DRIVERS` holds absolute paths, parted by `:` as in PATH; below each lie `<kind>/<product>/driver.py` as they
do here. It is the environment and not the gateway's file that names them, for central may send another file, and what
runs on a box is for those to decide who may log in there. What the package has itself is never replaced.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "COURTSIDE_DRIVERS"


def own(value: str) -> tuple[list[str], list[str]]:
    """Folders to look into, and what is wrong with those that are not looked into, in words."""
    folders, refused = [], []
    for name in filter(None, value.split(os.pathsep)):
        why = _wrong(Path(name))
        if why is None:
            folders.append(name)
        else:
            refused.append(f"{VARIABLE}: {name} is not looked into: {why}")
    return folders, refused


def _wrong(folder: Path) -> str | None:
    if not folder.is_absolute():
        return "give its whole path, from /"
    try:
        open_to_all = [path for path in _looked_at(folder) if _is_open(path)]
        open_to_all += [path for path in folder.parents if _is_open(path) and not path.stat().st_mode & stat.S_ISVTX]
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if open_to_all:
        return f"anybody may write to {open_to_all[0]}; `chmod o-w` it"
    return None


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IWOTH)


def _looked_at(folder: Path) -> Iterator[Path]:
    """Everything a driver could be loaded from."""
    yield folder
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _looked_at(path)
        elif path.suffix == ".py":
            yield path
