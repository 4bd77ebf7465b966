"""Reading codes: each that arrives, or, from a reader we trigger, each that two triggers gave alike."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Literal, Protocol

from devices.messages import Fact
from devices.readers import CodeRead
from drivers.codes import AIM, Code, Encoding, text_of
from drivers.commissioning import Said, Step
from drivers.commissioning import Settings as Tried
from drivers.line import Line

WAITING = 64
"""Codes kept while nobody takes them; the oldest go first."""


def code_shown(about: Said, tries: Sequence[Tried]) -> Step:
    """With which of these settings a code is read; one that begins with an AIM identifier teaches `aim`."""

    def learn(tried: Tried, fact: Fact) -> Tried | None:
        if not isinstance(fact, CodeRead):
            return None
        return {"aim": True} if not tried["aim"] and AIM.match(fact.code.encode()) else {}

    return Step(
        about=about,
        do=Said(
            "请扫一张印着号码的样码（不要用真卷宗），对照下面读到的内容。",
            "Scan a sample code whose number you can read (no real dossier), and compare what is seen.",
        ),
        learn=learn,
        tries=tries,
        tells_at_once=False,
    )


class Settings(Protocol):
    """What the settings of every reader of codes have."""

    @property
    def aim(self) -> bool:
        """A code without AIM identifier is damaged."""

    @property
    def encoding(self) -> Encoding:
        """Of the text."""

    @property
    def trigger(self) -> Literal["continuous", "host"]:
        """Who makes it read."""

    @property
    def trigger_s(self) -> float:
        """Seconds a trigger is given to read something."""


class Reading:
    """One reader's codes. `trigger` switches reading on or off; raises DeviceOffline."""

    def __init__(self, settings: Settings, line: Line[Any], trigger: Callable[[bool], Awaitable[None]]) -> None:
        self._settings = settings
        self._line = line
        self._trigger = trigger
        self._codes: deque[Code] = deque(maxlen=WAITING)
        self._arrived = asyncio.Event()
        self._shown: Code | None = None

    async def watch(self) -> AsyncIterator[CodeRead]:
        """Each code as it is read. Raises DeviceOffline when the reader is gone."""
        read = self._read_twice if self._settings.trigger == "host" else self._read
        with self._line.listening(lambda frame: isinstance(frame, Code), self._took):
            while True:
                code = await read()
                text = text_of(code.data, self._settings.aim, self._settings.encoding)
                if text is None:
                    self._line.counts.noise += len(code.to_bytes())
                else:
                    yield CodeRead(code=text.code, symbology=text.symbology, encoding=text.encoding)

    def _took(self, code: Code) -> None:
        self._codes.append(code)
        self._arrived.set()

    async def _next(self, seconds: float | None) -> Code | None:
        if not self._codes:
            self._arrived.clear()
            await self._line.pause(seconds, self._arrived)
        return self._codes.popleft() if self._codes else None

    async def _read(self) -> Code:
        while True:
            code = await self._next(None)
            if code is not None:
                return code

    async def _read_twice(self) -> Code:
        """A code that two triggers gave alike; the same label is not told again until it was taken away."""
        while True:
            first = await self._triggered()
            if first == self._shown:
                continue
            self._shown = None
            if first is not None and first == await self._triggered():
                self._shown = first
                return first

    async def _triggered(self) -> Code | None:
        self._codes.clear()
        await self._trigger(True)
        code = await self._next(self._settings.trigger_s)
        if code is None:
            await self._trigger(False)
        return code
