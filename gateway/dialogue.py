"""A terminal with a technician before it: sentences out in his language, Enter and a word back, nothing else."""

import asyncio
import os
import sys
from collections.abc import Awaitable
from typing import TypeVar

from drivers.commissioning import Said

T = TypeVar("T")
YES = frozenset({"y", "yes", "j", "是", "对", "好"})


def is_chinese() -> bool:
    """Chinese where the terminal is Chinese, English elsewhere."""
    return (os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "").startswith("zh")


_NOBODY = Said(
    "没有人能在这里回答：请在终端里运行，不要把输入接到文件或 /dev/null。",
    "nobody can answer here: run it in a terminal, not with its input from a file or /dev/null",
)


class NoTerminal(RuntimeError):
    """There is nobody to be asked."""


class Terminal:
    """Standard input and output while the block runs; at the end of the input every question is answered by nothing.

    Raises NoTerminal where the input is nothing that can be waited for.
    """

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self.chinese = is_chinese()
        self._pending = ""

    def __enter__(self) -> "Terminal":
        try:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._readable)
        except (PermissionError, ValueError, AttributeError) as error:  # a file, /dev/null, or closed
            raise NoTerminal(_NOBODY.zh if self.chinese else _NOBODY.en) from error
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())

    def say(self, said: Said, **parts: object) -> str:
        """A sentence, with these parts in it; gives it as it was said."""
        text = (said.zh if self.chinese else said.en).format(**parts)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        return text

    async def enter(self) -> str:
        """The next line that is typed."""
        return await self._lines.get()

    async def agrees(self) -> bool:
        """Whether the next line says yes."""
        return (await self.enter()).strip().lower() in YES

    async def unless_enter(self, awaited: Awaitable[T], patience_s: float) -> T | None:
        """What is awaited, or None if Enter comes first, or neither within that time. Raises what is awaited raises."""
        task, line = asyncio.ensure_future(awaited), asyncio.ensure_future(self.enter())
        try:
            await asyncio.wait({task, line}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()
            line.cancel()
            await asyncio.wait({task, line})

    def _readable(self) -> None:
        data = os.read(sys.stdin.fileno(), 4096)
        if not data:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            data = b"\n" * 100
        *lines, self._pending = (self._pending + data.decode(errors="replace")).split("\n")
        for line in lines:
            self._lines.put_nowait(line)
