"""Room on central's disk: uploads of gateways leave some free, so that lines and the database never find it full.

Whoever is refused keeps what it has and comes again (507): a blob leaves its box only on a receipt.
"""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from fastapi import Header, HTTPException, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.alarms import Alarm, AlarmKind, clear_alarm, raise_alarm
from central.clock import Clock, utc_now

GIB = 1024**3
COMES_AGAIN = timedelta(minutes=10)
"""Whoever was refused has come again by then, or wants it no more: boxes try every two minutes at least."""

Free = Callable[[Path], int]
"""Bytes that may still be written to that folder; raises OSError."""


def free_at(folder: Path) -> int:
    """What the file system says."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class _Refused:
    """Somebody found no room."""

    wanted: int
    at: datetime


class Room:
    """What is left for uploads at one central. Asked in the event loop; what is being written counts meanwhile."""

    def __init__(
        self, instance: str, keep_gib: float, *folders: Path, clock: Clock = utc_now, free: Free = free_at
    ) -> None:
        """`folders` are where an upload comes to lie, one after the other, each time with all its bytes."""
        self._instance = instance
        self._folders = folders
        self._keep = int(keep_gib * GIB)
        self._clock = clock
        self._free = free
        self._held = 0
        self._refused: _Refused | None = None

    @contextmanager
    def held(self, size: int) -> Iterator[None]:
        """So many bytes are written while the context lasts. Raises HTTPException (507) if they would leave too few."""
        if self._left() - self._held - size < self._keep:
            self._refused = _Refused(size, self._clock())
            raise HTTPException(507, "central's disk has no room for it now; keep it and come again")
        self._held += size
        try:
            yield
        finally:
            self._held -= size

    async def admits(
        self,
        request: Request,
        content_length: Annotated[int, Header(ge=0)] = 0,
        upload_length: Annotated[int, Header(ge=0)] = 0,
    ) -> AsyncIterator[None]:
        """A dependency of uploads by tus: one begins where all of it fits, and goes on where its next piece does."""
        sizes = {"POST": upload_length * len(self._folders), "PATCH": content_length}
        if request.method not in sizes:
            yield
            return
        with self.held(sizes[request.method]):
            yield

    def sweep(self, session: Session, now: datetime) -> None:
        """An alarm while uploads are refused, or would be; ended once there is room to spare."""
        left, wanted = self._left(), self._wanted(now)
        if left - wanted < self._keep:
            found = select(Alarm.id).where(Alarm.kind == AlarmKind.CENTRAL_FULL, Alarm.subject == self._instance)
            if session.scalar(found.where(Alarm.cleared_at.is_(None))) is None:
                raise_alarm(
                    session, AlarmKind.CENTRAL_FULL, self._instance, at=now,
                    free_gib=_gib(left), keep_free_gib=_gib(self._keep), wanted_gib=_gib(wanted),
                )  # fmt: skip
        elif left - wanted >= self._keep + self._keep // 20:
            clear_alarm(session, AlarmKind.CENTRAL_FULL, self._instance, at=now)

    def _wanted(self, now: datetime) -> int:
        refused = self._refused
        return refused.wanted if refused is not None and now - refused.at < COMES_AGAIN else 0

    def _left(self) -> int:
        """Bytes free where they are fewest; none where nobody can say."""
        try:
            return min(self._free(folder) for folder in self._folders)
        except OSError:
            return 0


def _gib(size: int) -> float:
    return round(size / GIB, 2)
