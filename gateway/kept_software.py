"""Which software this box starts: the last good release, the one on trial, or what the box was set up with.

    software/state.json      what is kept, what is tried, and how often it was started without being kept
    software/<release>-*/    environments, each beside the others and never changed once it is tried
    software/current         what is started; follows the state by one rename

Each change is one durable write, so that a box killed at any step starts with one of them, whole. The code that
decides is that of the launcher, which no update replaces: it needs nothing but the standard library.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from gateway import durable

IN_VAIN = 3
"""Started so often without being kept, a release is given up."""
PROGRAM = Path("bin") / "courtside-gateway"
"""Below an environment."""


@dataclass(frozen=True)
class Release:
    """A release that stands on this box: its folder, the version of its document, and its own."""

    folder: str
    version: int
    release: str
    devices: tuple[str, ...] = ()
    """Devices that were there before it was tried, and must be there with it."""


@dataclass(frozen=True)
class GivenUp:
    """A release that is not started any more, and why; central has not been told yet."""

    version: int
    release: str
    why: str


@dataclass(frozen=True)
class _State:
    good: Release | None = None
    trying: Release | None = None
    starts: int = 0
    refused: int = 0
    """The highest version refused."""
    given_up: GivenUp | None = None


class KeptSoftware:
    """The releases in `folder`; the one that launches them stands elsewhere and is never changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._state = self._read()

    @property
    def trying(self) -> Release | None:
        """The release on trial."""
        return self._state.trying

    @property
    def good(self) -> Release | None:
        """The last good release; None for what the box was set up with."""
        return self._state.good

    @property
    def given_up(self) -> GivenUp | None:
        """What was given up and not told yet."""
        return self._state.given_up

    @property
    def settled(self) -> int:
        """Up to this version all is decided."""
        return max(self._state.refused, self._state.good.version if self._state.good else 0)

    def begin(self, own: Path) -> Path:
        """Count one start more, point at what it is to be, and give its program; `own` is the launcher's environment.

        Raises OSError.
        """
        trying = self._state.trying
        if trying is not None and self._state.starts >= IN_VAIN:
            self.give_up(f"it was started {IN_VAIN} times and did not last until it was proven")
        elif trying is not None and not self._stands(trying):
            self.give_up("its files are gone")
        elif trying is not None:
            self._write(replace(self._state, starts=self._state.starts + 1))
        chosen = self._state.trying or self._state.good
        target = self.folder / chosen.folder if chosen and self._stands(chosen) else own
        self._point(target)
        return self.folder / "current" / PROGRAM

    def tries(self, release: Release) -> None:
        """From the next start on this is what is started, until it is kept or given up. Raises OSError."""
        self._write(replace(self._state, trying=release, starts=0, given_up=None))

    def keep(self) -> None:
        """What is tried is the last good one. Raises OSError."""
        self._write(replace(self._state, good=self._state.trying, trying=None, starts=0))

    def give_up(self, why: str) -> None:
        """What is tried is started no more; the last good one is. Raises OSError."""
        tried = self._state.trying
        if tried is None:
            return
        told = GivenUp(tried.version, tried.release, why)
        refused = max(tried.version, self._state.refused)
        self._write(replace(self._state, trying=None, starts=0, refused=refused, given_up=told))

    def refuse(self, version: int) -> None:
        """That version is not to be looked at again; central has been told. Raises OSError."""
        self._write(replace(self._state, refused=max(version, self._state.refused), given_up=None))

    def _stands(self, release: Release) -> bool:
        return os.access(self.folder / release.folder / PROGRAM, os.X_OK)

    def _point(self, target: Path) -> None:
        link = self.folder / "current"
        if link.is_symlink() and link.readlink() == target:
            return
        draft = self.folder / "current.new"
        draft.unlink(missing_ok=True)
        draft.symlink_to(target)
        draft.replace(link)
        durable.keep_names(self.folder)

    def _read(self) -> _State:
        try:
            told = json.loads((self.folder / "state.json").read_bytes())
            good, trying = (_release(told[name]) for name in ("good", "trying"))
            given_up = GivenUp(**told["given_up"]) if told["given_up"] else None
            return _State(good, trying, int(told["starts"]), int(told["refused"]), given_up)
        except FileNotFoundError:
            return _State()
        except (ValueError, KeyError, TypeError):  # nothing of ours; what the box was set up with is good enough
            return _State()

    def _write(self, state: _State) -> None:
        durable.write(self.folder / "state.json", json.dumps(asdict(state)).encode())
        self._state = state


def _release(told: dict[str, object] | None) -> Release | None:
    if told is None:
        return None
    made = Release(**told)  # type: ignore[arg-type]
    return replace(made, devices=tuple(made.devices))
