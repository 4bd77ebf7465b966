"""Room kept for the hour when the disk is full, and the count of what was refused in it.

To delete, SQLite must write; on a disk without a free block it could not let go of anything. So a file beside
the journal holds some blocks until then. Its first bytes are the count of refused facts, written in place, for
a box whose disk is full is likely to be switched off and on.
"""

import os
from contextlib import suppress
from pathlib import Path

_COUNT = 8
_BLOCK = 4096
_ROOM = 8 * 1024 * 1024


class Reserve:
    """The file beside the journal. Raises OSError when it cannot be made at all."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._refused = int.from_bytes(os.pread(self._file, _COUNT, 0))
        self.keep_room()

    @property
    def refused(self) -> int:
        """Facts refused and not yet told in a line."""
        return self._refused

    def count(self, refused: int) -> None:
        """Keep the count."""
        if refused != self._refused:
            self._refused = refused
            with suppress(OSError):  # then the count is as good as this process lives
                os.pwrite(self._file, refused.to_bytes(_COUNT), 0)
                os.fsync(self._file)

    def keep_room(self) -> None:
        """Take the blocks, if there are any."""
        with suppress(OSError):
            if os.fstat(self._file).st_size < _ROOM:
                os.posix_fallocate(self._file, 0, _ROOM)

    def give_room(self) -> None:
        """Let go of the blocks, but for the one with the count."""
        with suppress(OSError):
            os.ftruncate(self._file, _BLOCK)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
