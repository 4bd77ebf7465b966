"""What the emulators tell the gateway: where each port is emulated, and where their page is. Both ends of a pipe."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE = "emulators.json"


class NoEmulators(Exception):
    """The emulators did not start, or none run for that folder; the text says what to do."""


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
        return _read((folder / _FILE).read_bytes())
    except OSError as error:
        raise NoEmulators(f"no emulators in {folder}; start `python -m gateway.simulate FILE {folder}`") from error


def forget(folder: Path) -> None:
    """The emulators of this folder end."""
    (folder / _FILE).unlink(missing_ok=True)


@asynccontextmanager
async def started(file: Path, folder: Path, page_port: int) -> AsyncIterator[Emulators]:
    """Emulators of our own, which end with us however we end. Raises NoEmulators."""
    command = [sys.executable, "-m", "gateway.simulate", str(file), str(folder)]
    process = await asyncio.create_subprocess_exec(
        *command,
        "--until-eof",
        f"--emulators-port={page_port}",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None:
        raise NoEmulators("no pipe to the emulators")
    try:
        line = await process.stdout.readline()
        if not line:
            raise NoEmulators("the emulators did not start; see above")
        yield _read(line)
    finally:
        process.stdin.close()
        await process.wait()


def _read(line: bytes) -> Emulators:
    told = json.loads(line)
    return Emulators(told["page"], told["ports"])
