"""Processes of our own package beside the gateway; each ends when we do, however we end."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from devices.errors import DeviceOffline

_LAST_WORD_S = 5.0


@dataclass(frozen=True)
class Child:
    """A process that runs, and what it said first."""

    told: dict[str, Any]
    process: asyncio.subprocess.Process


@asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[Child]:
    """`python -m module ARGUMENTS --until-eof`, up to its first line. Raises DeviceOffline if it ends before that."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments, "--until-eof"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # the terminal's Ctrl-C is for us alone
    )
    try:
        line = await process.stdout.readline() if process.stdout else b""
        if not line:
            raise DeviceOffline(f"{module} did not start")
        yield Child(json.loads(line), process)
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        async with asyncio.timeout(_LAST_WORD_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
