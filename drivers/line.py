"""The one place that waits for a device: turns, gaps, timeouts, tries, late answers.

Everything on one port goes through one `Line`. Only one question is open at a time; an answer must fit *its* question;
what fits none is given to who listens for it, or dropped and counted. Most of these devices number nothing, so an
answer that comes after its question was given up looks like the answer to the next one. Therefore: after a silence the
line stays quiet until what is owed has come, or as long again as was waited for it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from devices.errors import DeviceOffline
from drivers.framing import Frame, FrameSource
from drivers.link import Link

F = TypeVar("F", bound=Frame)
_log = logging.getLogger(__name__)


@dataclass
class Counts:
    """What went wrong on a line since it was opened; shown on the fleet page."""

    noise: int = 0
    """Bytes skipped: damaged frames, half frames, echoes."""
    retries: int = 0
    """Questions asked again."""
    late: int = 0
    """Answers that came when no question they fit was open."""
    timeouts: int = 0
    """Tries that nothing answered in time."""


@dataclass
class _Open(Generic[F]):
    """A question whose answer is due."""

    fits: Callable[[F], bool]
    answer: asyncio.Future[F]


@dataclass(frozen=True)
class _Owed(Generic[F]):
    """An answer that may still come to a question nobody waits for any more."""

    fits: Callable[[F], bool]
    until: float
    came: asyncio.Event


class Line(Generic[F]):
    """One port shared by its devices. Make it inside the running loop; `close` it (or use `async with`) when done.

    `gap_s` is kept between the end of what was heard or said and the next question; `hush_s` of silence ends a
    transmission, which discards half frames and completes codes that have no end mark; `byte_s` is what a byte takes
    on the wire, where so much is written at once that the kernel's buffer hides it.
    """

    def __init__(
        self,
        link: Link,
        framer: FrameSource[F],
        *,
        timeout_s: float = 1.0,
        gap_s: float = 0.0,
        hush_s: float = 0.1,
        byte_s: float = 0.0,
    ) -> None:
        self.link = link
        self.timeout_s = timeout_s
        self._gap_s = gap_s
        self._hush_s = hush_s
        self._byte_s = byte_s
        self._framer = framer
        self._hearing = framer
        self._counts = Counts()
        self._turn = asyncio.Lock()
        self._question: _Open[F] | None = None
        self._owed: _Owed[F] | None = None
        self._listeners: list[tuple[Callable[[F], bool], Callable[[F], None]]] = []
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time() - gap_s
        self._lost: DeviceOffline | None = None
        self._reader = self._loop.create_task(self._read(), name=f"line {link.name}")

    @property
    def counts(self) -> Counts:
        """What went wrong so far."""
        return self._counts

    async def ask(
        self,
        question: bytes,
        fits: Callable[[F], bool],
        *,
        tries: int = 1,
        timeout_s: float | None = None,
        framer: FrameSource[F] | None = None,
    ) -> F:
        """The answer to a question that may be asked `tries` times. Raises DeviceOffline if none comes.

        `framer` reads the answer where the protocol does not tell its length and only the asker knows it.
        """
        answer = await self.ask_softly(question, fits, tries=tries, timeout_s=timeout_s, framer=framer)
        if answer is None:
            raise DeviceOffline(f"{self.link.name}: no answer to {question.hex(' ')} in {tries} tries")
        return answer

    async def ask_softly(
        self,
        question: bytes,
        fits: Callable[[F], bool],
        *,
        tries: int = 1,
        timeout_s: float | None = None,
        framer: FrameSource[F] | None = None,
    ) -> F | None:
        """Like `ask`, but None if no answer comes. Raises DeviceOffline only when the port is gone."""
        wait = self.timeout_s if timeout_s is None else timeout_s
        async with self._turn:
            await self._owed_is_settled()
            for attempt in range(tries):
                self._counts.retries += attempt > 0
                answer = await self._try(question, fits, wait, framer)
                if answer is not None:
                    if attempt:
                        self._owe(fits, wait)
                    return answer
            self._owe(fits, wait)
            return None

    async def tell(self, data: bytes) -> None:
        """Say something that is never answered and never repeated. Raises DeviceOffline when the port is gone."""
        async with self._turn:
            await self._owed_is_settled()
            await self._say(data)

    @contextlib.contextmanager
    def listening(self, wants: Callable[[F], bool], heard: Callable[[F], None]) -> Iterator[None]:
        """Within the block, hand to `heard` each wanted frame that answers no open question."""
        listener = (wants, heard)
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def pause(self, seconds: float | None, until: asyncio.Event | None = None) -> None:
        """Wait that long (None: for ever) or until the event is set. Raises DeviceOffline when the port is gone."""
        event = until or asyncio.Event()
        waiter = self._loop.create_task(event.wait())
        try:
            await asyncio.wait({self._reader, waiter}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
            await asyncio.wait({waiter})
        self._check()

    async def close(self) -> None:
        """Let go of the port. May be called twice."""
        self._lost = self._lost or DeviceOffline(f"{self.link.name} was closed")
        await self.link.close()
        self._reader.cancel()
        await asyncio.wait({self._reader})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _try(
        self, question: bytes, fits: Callable[[F], bool], wait: float, framer: FrameSource[F] | None
    ) -> F | None:
        self._hear_with(framer or self._framer)
        open_question = self._question = _Open(fits, self._loop.create_future())
        try:
            await self._say(question)
            either: set[asyncio.Future[Any]] = {self._reader, open_question.answer}
            await asyncio.wait(either, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if open_question.answer.done():
                return open_question.answer.result()
            self._check()
            self._counts.timeouts += 1
            _log.debug("%s: no answer within %.1f s", self.link.name, wait)
            return None
        except asyncio.CancelledError:
            self._owe(fits, wait)
            raise
        finally:
            self._question = None
            self._hear_with(self._framer)

    async def _say(self, data: bytes) -> None:
        self._check()
        rest = self._last + self._gap_s - self._loop.time()
        if rest > 0:
            await asyncio.sleep(rest)
        await self.link.write(data)
        self._last = self._loop.time() + len(data) * self._byte_s

    def _owe(self, fits: Callable[[F], bool], wait: float) -> None:
        self._owed = _Owed(fits, self._loop.time() + wait, asyncio.Event())

    async def _owed_is_settled(self) -> None:
        owed = self._owed
        if owed is not None:
            await self.pause(max(0.0, owed.until - self._loop.time()), owed.came)
            self._owed = None
        self._check()

    def _check(self) -> None:
        if self._lost is not None:
            raise DeviceOffline(str(self._lost)) from self._lost
        if self._reader.done():
            self._reader.result()

    def _hear_with(self, framer: FrameSource[F]) -> None:
        if framer is not self._hearing:
            self._took(self._hearing.flush, self._hearing)
            self._hearing = framer

    async def _read(self) -> None:
        reading: asyncio.Task[bytes] | None = None
        hush: float | None = None
        try:
            while True:
                reading = reading or self._loop.create_task(self.link.read())
                done, _ = await asyncio.wait({reading}, timeout=hush)
                framer = self._hearing
                if not done:
                    hush = None
                    self._took(framer.flush, framer)
                    continue
                data, reading = reading.result(), None
                self._last = max(self._last, self._loop.time())
                hush = self._hush_s
                self._took(lambda heard=data, by=framer: by.feed(heard), framer)  # type: ignore[misc]
        except DeviceOffline as error:
            self._lost = self._lost or error
        finally:
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    def _took(self, frames: Callable[[], list[F]], framer: FrameSource[F]) -> None:
        before = framer.noise
        for frame in frames():
            self._hand_on(frame)
        if skipped := framer.noise - before:
            self._counts.noise += skipped
            _log.debug("%s: %d bytes are noise", self.link.name, skipped)

    def _hand_on(self, frame: F) -> None:
        question = self._question
        if question is not None and not question.answer.done() and question.fits(frame):
            question.answer.set_result(frame)
            return
        if self._owed is not None and self._owed.fits(frame):
            self._owed.came.set()
            self._counts.late += 1
            return
        takers = [heard for wants, heard in self._listeners if wants(frame)]
        for heard in takers:
            heard(frame)
        if not takers:
            self._counts.late += 1
