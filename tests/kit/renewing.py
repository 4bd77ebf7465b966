"""A box that renews its certificate, killed at one change of a file after another and started again each time.

`python -m tests.kit.renewing FOLDER...`: in each folder a box is killed with SIGKILL as it is about to make its
first, second, ... change to the files of its identity, then runs on by itself. One JSON line a folder says how both
ended. One process forks them all, for loading a gateway takes longer than renewing a certificate.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from devices.readers import CodeRead
from gateway.clock import Clock
from gateway.identity import load
from gateway.journal import Journal
from gateway.renewal import Renewal
from gateway.uplink import Uplink

RENEWED = "renewed"
"""What a box scans as soon as its certificate is another."""


async def renew(folder: Path, first: str) -> None:
    """Connect, renew unless that was done before, tell it, and end once central has all of it."""
    identity = load(folder)
    clock = Clock(rtc_healthy=True)
    async with Journal(folder / "journal.db", identity.gateway, identity.kid, clock, identity.old_keys) as journal:
        uplink = Uplink(identity, journal, {}, _nobody, _nobody)
        link = asyncio.create_task(uplink.run())
        if identity.kid == first:
            await Renewal(identity, journal, uplink.prove, _always).renew()
        await journal.append("reader-a", CodeRead(code=RENEWED))
        async with asyncio.timeout(60):
            while uplink.outbox.unacknowledged:  # noqa: ASYNC110 - no word comes when the last ack does
                await asyncio.sleep(0.01)
        link.cancel()
        await asyncio.wait([link])


async def _nobody(*_: object) -> None:
    """There are neither wishes nor documents."""


async def _always() -> None:
    """Nothing is ever disturbed."""


def _killed_at(folder: Path, number: int) -> None:
    """From here on the change of that number to a file in the folder is the end, before it is made."""
    left = number

    def hook(event: str, args: tuple[object, ...]) -> None:
        nonlocal left
        draft = event == "open" and str(args[0]).startswith(str(folder)) and str(args[0]).endswith(".new")
        renamed = event == "os.rename" and str(args[0]).startswith(str(folder))
        if draft or renamed:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def _forked(work: Callable[[], None]) -> int:
    """Run it in a child; gives how that ended, as os.waitstatus_to_exitcode says."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _box(folder: Path, first: str, kill_at: int | None) -> None:
    if kill_at is not None:
        _killed_at(folder, kill_at)
    asyncio.run(renew(folder, first))


def main(folders: list[Path]) -> None:
    """See the module."""
    first = load(folders[0]).kid
    for number, folder in enumerate(folders, start=1):
        killed = _forked(lambda folder=folder, number=number: _box(folder, first, number))  # type: ignore[misc]
        load(folder)
        after = _forked(lambda folder=folder: _box(folder, first, None))  # type: ignore[misc]
        print(json.dumps({"killed": killed, "after": after}), flush=True)


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
