"""Our own modules as processes of a test, whose first line of output says where they are."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Running:
    """A process and its first line; its log is read as it comes."""

    process: asyncio.subprocess.Process
    told: dict[str, Any]

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal; gives the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(20):
            return await self.process.wait()


@asynccontextmanager
async def running(module: str, *arguments: object, env: Mapping[str, str] | None = None) -> AsyncIterator[Running]:
    """`python -m module ARGUMENTS`, killed at the end if it still runs; `env` is its environment if not ours."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *map(str, arguments)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=env,
    )
    assert process.stdin
    assert process.stdout
    try:
        async with asyncio.timeout(60):
            line = await process.stdout.readline()
        assert line, f"{module} ended without a word"
        yield Running(process, json.loads(line))
    finally:
        if process.returncode is None:
            process.kill()
        process.stdin.close()
        await process.stdout.read()
        await process.wait()
