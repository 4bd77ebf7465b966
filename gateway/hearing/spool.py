"""Sound on its way to a segment: raw samples on disk, fsynced twice a second, found again after a power cut.

    <folder>/<device>.<from sample>.pcm     s16le, all channels of the device interleaved

A raw file needs no end: what a power cut leaves of it is good up to its last whole sample of every channel.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gateway import durable

SYNC_S = 0.5
"""A power cut takes no more than a second: this, and as long again for what is under way to the disk."""


class Stored(NamedTuple):
    """A file that was found, or finished."""

    path: Path
    device: str
    from_sample: int
    samples: int

    @property
    def to_sample(self) -> int:
        """One past its last sample."""
        return self.from_sample + self.samples


class Spool:
    """The file of one device's segment that grows now. `frame`: bytes of a sample over all channels."""

    def __init__(self, folder: Path, device: str, from_sample: int, frame: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{device}.{from_sample}.pcm"
        self._file = self._path.open("wb", buffering=0)
        self._frame = frame
        self._unsynced = False
        self._unnamed: tuple[Path, ...] = (folder, folder.parent, folder.parent.parent)
        """Folders that may not hold its name on disk yet: that too is waited for in a thread, or all would wait."""
        self.device, self.from_sample, self.samples = device, from_sample, 0

    @property
    def end(self) -> int:
        """One past the last sample it holds."""
        return self.from_sample + self.samples

    def write(self, pcm: bytes) -> None:
        """Add whole samples. Raises OSError; then none of them count."""
        whole = self.samples * self._frame
        try:
            written = self._file.write(pcm) or 0
            if written != len(pcm):
                self._file.write(pcm[written:])
        except OSError:
            self._file.truncate(whole)
            self._file.seek(whole)
            raise
        self.samples += len(pcm) // self._frame
        self._unsynced = True

    def cut(self, at: int) -> None:
        """Keep only what comes before that sample."""
        self.samples = max(at - self.from_sample, 0)
        self._file.truncate(self.samples * self._frame)

    async def sync(self) -> None:
        """Have it on disk. Raises OSError; then it is tried again."""
        if self._unsynced:
            self._unsynced = False
            try:
                await asyncio.to_thread(_bring_to_disk, self._path, self._unnamed)
            except OSError:
                self._unsynced = True
                raise
            self._unnamed = ()

    def finish(self) -> Stored:
        """No more comes; its last sound is still to be synced."""
        if not self._file.closed:
            self._file.close()
        return Stored(self._path, self.device, self.from_sample, self.samples)


def _bring_to_disk(path: Path, folders: Sequence[Path]) -> None:
    try:
        for folder in folders:
            durable.keep_names(folder)
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return  # it is FLAC by now, and that is on disk
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def found(folder: Path, frames: dict[str, int]) -> Iterator[Stored]:
    """What an earlier run left, the earliest first; `frames` as in `Spool`, by device."""
    files = []
    for path in folder.glob("*.pcm"):
        device, from_sample = path.stem.rsplit(".", 1)
        if device in frames:
            files.append(Stored(path, device, int(from_sample), path.stat().st_size // frames[device]))
    yield from sorted(files, key=lambda stored: stored.from_sample)
