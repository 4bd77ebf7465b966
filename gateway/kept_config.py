"""Which configuration this box starts with: the last good one, the one on trial, or none after three starts in vain.

    config/state.json       what is kept, what is tried, and how often in a row it was started without lasting
    config/<sha256>.yaml    the texts these name

Each change is one durable write, so that a box killed at any step starts with one of them, whole. Changes come from
more than one thread (a start that lasted, a trial that ended), and take turns.
"""

import hashlib
import json
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from gateway import durable

IN_VAIN = 3
"""Started so often without lasting, a configuration is given up."""


@dataclass(frozen=True)
class Version:
    """A configuration of central: its version and the hash of its text."""

    version: int
    sha256: str


@dataclass(frozen=True)
class _State:
    kept: Version | None = None
    trying: Version | None = None
    starts: int = 0
    refused: int = 0
    """The highest version refused."""


@dataclass(frozen=True)
class Start:
    """What is started now; without `text` the box's own file, with `safe` nothing but the link."""

    text: str | None
    version: int
    on_trial: bool = False
    safe: bool = False
    given_up: int | None = None
    """A version that ended the gateway again and again while it was tried."""


class KeptConfig:
    """The configurations in `folder`/config."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "config"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._turn = threading.Lock()
        self._state = self._read()

    @property
    def settled(self) -> int:
        """Up to this version all is decided."""
        return max(self._state.refused, self._state.kept.version if self._state.kept else 0)

    def begin(self) -> Start:
        """Count one start more and say what it is to be. Raises OSError."""
        with self._turn:
            given_up = None
            if self._state.trying is not None and self._state.starts >= IN_VAIN:
                given_up = self._state.trying.version
                self._write(replace(self._state, trying=None, starts=0, refused=given_up))
            self._write(replace(self._state, starts=min(self._state.starts + 1, IN_VAIN + 1)))
            if self._state.starts > IN_VAIN:
                return Start(None, self.settled, safe=True)
            named = self._state.trying or self._state.kept
            text = self._text(named) if named else None
            on_trial = self._state.trying is not None
            return Start(text, named.version if named and text else 0, on_trial=on_trial, given_up=given_up)

    def lasted(self) -> None:
        """This start is a good one, or ended in order. Raises OSError."""
        with self._turn:
            if self._state.starts:
                self._write(replace(self._state, starts=0))

    def once_more(self) -> None:
        """After a while in safe mode: one start in earnest, and back to it if that is in vain. Raises OSError."""
        with self._turn:
            self._write(replace(self._state, starts=IN_VAIN))

    def tries(self, version: int, text: str) -> None:
        """From now on this is what is started, until it is kept or refused. Raises OSError."""
        with self._turn:
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            durable.write(self._path(sha256), text.encode())
            self._write(replace(self._state, trying=Version(version, sha256), starts=1))

    def keep(self) -> None:
        """What is tried is the last good one. Raises OSError."""
        with self._turn:
            self._write(replace(self._state, kept=self._state.trying, trying=None, starts=0))
            for old in self._folder.glob("*.yaml"):
                if self._state.kept is None or old != self._path(self._state.kept.sha256):
                    old.unlink()

    def refuse(self, version: int) -> None:
        """That version is not to be tried again; the last good one is started. Raises OSError."""
        with self._turn:
            trying = None if self._state.trying and self._state.trying.version == version else self._state.trying
            self._write(replace(self._state, trying=trying, starts=0, refused=max(version, self._state.refused)))

    def kept_text(self) -> str | None:
        """The last good configuration, None if there is none but the box's own file."""
        return self._text(self._state.kept) if self._state.kept else None

    def _text(self, named: Version) -> str | None:
        try:
            content = self._path(named.sha256).read_bytes()
        except FileNotFoundError:
            return None
        return content.decode() if hashlib.sha256(content).hexdigest() == named.sha256 else None

    def _path(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.yaml"

    def _read(self) -> _State:
        try:
            told = json.loads((self._folder / "state.json").read_bytes())
            named = {name: Version(**told[name]) if told[name] else None for name in ("kept", "trying")}
            return _State(starts=int(told["starts"]), refused=int(told["refused"]), **named)
        except FileNotFoundError:
            return _State()
        except (ValueError, KeyError, TypeError):  # nothing of ours; the box's own file is good enough
            return _State()

    def _write(self, state: _State) -> None:
        durable.write(self._folder / "state.json", json.dumps(asdict(state)).encode())
        self._state = state
