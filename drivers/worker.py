"""A process of its own around a blocking library (SANE, USB): a hung one stops nothing else, and can be killed.

A question is one JSON line on the worker's standard input, each answer one on its standard output; the last one is
`end`, or `error` (a name of `ERRORS`) with `text`. Bytes of a question follow its line, which says under `bulk` how
many; bulk of an answer travels as files, whose paths it names. Libraries like these cannot be interrupted safely:
whoever gives up on an answer ends the process, and the device is opened anew.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from typing import Any

from devices.errors import DeviceBusy, DeviceError, DeviceFault, DeviceOffline, WishRejected
from drivers.line import Counts

ERRORS: Mapping[str, type[DeviceError]] = {
    "offline": DeviceOffline,
    "busy": DeviceBusy,
    "fault": DeviceFault,
    "rejected": WishRejected,
}
_LAST_WORD_S = 2.0
_LONGEST_LINE = 1 << 20
_AT_ONCE = 1 << 16
"""Bytes of questions read at once: as many as a pipe holds."""

Answers = Callable[[dict[str, Any]], Iterable[Mapping[str, Any]]]
"""The worker's side: answers to one question, as they come; its `bulk` are the bytes. A DeviceError it raises is the
last answer."""


class Worker:
    """The near side, a `Held`. One question at a time; others wait their turn."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.counts = Counts()
        self._name = name
        self._process = process
        self._turn = asyncio.Lock()

    @classmethod
    async def start(cls, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> "Worker":
        """`python -m module ARGUMENTS`, which calls `serve`. Raises DeviceOffline if the machine cannot start it."""
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module, *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=env,
                limit=_LONGEST_LINE,
                start_new_session=True,  # the terminal's Ctrl-C is for the gateway alone
            )
        except OSError as error:
            raise DeviceOffline(f"{module} cannot be started: {error}") from error
        return cls(module, process)

    async def ask(self, question: Mapping[str, Any], patience_s: float, bulk: bytes = b"") -> dict[str, Any]:
        """The last answer, empty if there is none. Raises as `asks`."""
        return [{}, *[answer async for answer in self.asks(question, patience_s, bulk)]][-1]

    async def asks(
        self, question: Mapping[str, Any], patience_s: float, bulk: bytes = b""
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Each answer as it comes, at most `patience_s` apart; left early, the worker ends. Raises a DeviceError."""
        async with self._turn:
            whole = False
            try:
                await self._tell(question, bulk)
                while "end" not in (answer := await self._hear(patience_s)):
                    if "error" in answer:
                        whole = True
                        raise ERRORS[answer["error"]](str(answer.get("text", "")))
                    yield answer
                whole = True
            finally:
                if not whole:
                    self._kill()

    async def pause(self, seconds: float) -> None:
        """Wait. Raises DeviceOffline as soon as the worker has ended."""
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            if self._process.returncode is None:
                return
        raise DeviceOffline(f"{self._name} has ended")

    async def close(self) -> None:
        """End the process: its input ends, and if that is not enough it is killed."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_LAST_WORD_S):
                await self._process.wait()
        except TimeoutError:
            self._kill()
            await self._process.wait()

    async def _tell(self, question: Mapping[str, Any], bulk: bytes) -> None:
        if self._process.stdin is None or self._process.returncode is not None:
            raise DeviceOffline(f"{self._name} has ended")
        try:
            self._process.stdin.write(json.dumps({**question, "bulk": len(bulk)}).encode() + b"\n" + bulk)
            await self._process.stdin.drain()
        except OSError as error:
            raise DeviceOffline(f"{self._name} has ended") from error

    async def _hear(self, patience_s: float) -> dict[str, Any]:
        if self._process.stdout is None:
            raise DeviceOffline(f"{self._name} has no output")
        try:
            async with asyncio.timeout(patience_s):
                line = await self._process.stdout.readline()
            if line:
                answer: dict[str, Any] = json.loads(line)
                return answer
        except TimeoutError:
            self.counts.timeouts += 1
            raise DeviceOffline(f"{self._name} says nothing for {patience_s:g} s") from None
        except ValueError as error:
            self.counts.noise += 1
            raise DeviceOffline(f"{self._name} says what is no answer: {error}") from error
        raise DeviceOffline(f"{self._name} ended while it was asked")

    def _kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()


def serve(answers: Answers) -> None:
    """The far side: answer questions from standard input. What a library prints goes to standard error."""
    with os.fdopen(os.dup(1), "w") as out, os.fdopen(os.dup(0), "rb", _AT_ONCE) as questions:
        os.dup2(2, 1)

        def say(answer: Mapping[str, Any], *, more: bool = False) -> None:
            out.write(json.dumps(answer) + "\n")
            if not more:
                out.flush()

        for line in questions:
            question = json.loads(line)
            question["bulk"] = questions.read(question["bulk"])
            try:
                told = answers(question)
                for answer in told:
                    say(answer, more=isinstance(told, list))  # a list is known at once, and goes with its end
                say({"end": True})
            except DeviceError as error:
                name = next(name for name, kind in ERRORS.items() if isinstance(error, kind))
                say({"error": name, "text": str(error)})
