"""What the emulators tell the gateway: where each port is emulated, and where their page is. Both ends of a pipe."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE = "emulators.json"


class NoEmulators(Exception):
    """No emulators run for that folder; the text says what to do."""


@dataclass(frozen=True)
class Emulators:
    """The page's address, and the emulated port for each port of the file."""

    page: str
    ports: Mapping[str, str]

    def write(self, folder: Path) -> str:
        """Leave word in the folder for gateways that come later; gives the same as one line."""
        line = json.dumps(asdict(self))
        draft = folder / f"{_FILE}.new"
        draft.write_text(line)
        draft.rename(folder / _FILE)
        return line


def running(folder: Path) -> Emulators:
    """The emulators that run for this folder. Raises NoEmulators."""
    try:
        return Emulators(**json.loads((folder / _FILE).read_bytes()))
    except OSError as error:
        raise NoEmulators(f"no emulators in {folder}; start `python -m gateway.simulate FILE {folder}`") from error


def forget(folder: Path) -> None:
    """The emulators of this folder end."""
    (folder / _FILE).unlink(missing_ok=True)
