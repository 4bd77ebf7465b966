"""A disk that forgets: what a process wrote and did not fsync is gone after a power cut (see powercut.c)."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("powercut.c")
_C = ctypes.CDLL(None, use_errno=True)
_HERE, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of renameat2(2)."""


def build(folder: Path) -> Path:
    """The layer as a shared object in `folder`, for `LD_PRELOAD`; raises CalledProcessError."""
    library = folder / "powercut.so"
    flags = ("-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror")
    subprocess.run(["gcc", *flags, "-o", library, _SOURCE, "-ldl"], check=True)
    return library


class ForgetfulDisk:
    """One folder on a disk that keeps only what was fsynced. Start processes with `environment`, then `cut`."""

    def __init__(self, folder: Path, library: Path, scratch: Path) -> None:
        self.folder = folder
        self.cuts = 0
        self._library = library
        self._scratch = scratch
        self._shadow = self._new_shadow()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process whose disk this is."""
        layer = {"LD_PRELOAD": str(self._library), "CUT_ROOT": str(self.folder), "CUT_SHADOW": str(self._shadow)}
        return {**os.environ, **layer}

    def cut(self) -> None:
        """The power is gone and back: the folder holds what was durable. Its processes must be killed before.

        Who else has its files there, as the broker its certificates, finds them at every moment.
        """
        root = self._shadow / "root"
        if not root.exists():
            return  # no process ran on this disk since the last cut
        other = self._scratch / f"other-{self.cuts}"
        self._compose(root.read_text(), other)
        if _C.renameat2(_HERE, os.fsencode(other), _HERE, os.fsencode(self.folder), _EXCHANGE) != 0:
            raise OSError(ctypes.get_errno(), "renameat2", str(self.folder))
        shutil.rmtree(other, ignore_errors=True)  # a child that outlives its parent may still write there
        shutil.rmtree(self._shadow)
        self.cuts += 1
        self._shadow = self._new_shadow()

    def _new_shadow(self) -> Path:
        shadow = self._scratch / f"shadow-{self.cuts}"
        shadow.mkdir(parents=True)
        return shadow

    def _compose(self, directory: str, target: Path) -> None:
        target.mkdir(mode=0o700)
        names = self._shadow / f"{directory}.names"
        for entry in names.read_text().splitlines() if names.exists() else ():
            kind, identity, name = entry.split(" ", 2)
            if kind == "d":
                self._compose(identity, target / name)
                continue
            data = self._shadow / f"{identity}.data"
            if kind == "l":
                (target / name).symlink_to(data.read_text())
                continue
            (target / name).write_bytes(data.read_bytes() if data.exists() else b"")
            (target / name).chmod(0o700 if kind == "x" else 0o600)
