"""Vosk as a recogniser: one model in a process of its own, one listening a seat."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from devices.errors import DeviceFault, DeviceOffline, WishRejected
from devices.speech import SPEECH_PROPERTIES, Heard, SpeechReady, Utterance
from drivers.commissioning import Said
from drivers.speech.vosk import model as models
from drivers.worker import Worker

ABOUT = "Vosk speech recogniser; a small Mandarin court model comes along"
VERIFIED = True
TRANSPORTS = ("model",)
COMMISSIONING = Said("它没有硬件。", "It has no hardware.")
LOAD_PATIENCE_S = 120.0
PATIENCE_S = 60.0
STILL_THERE_S = 3600.0
BUNDLED = "court-zh-tiny"
_MEMORY = {"GLIBC_TUNABLES": "glibc.malloc.mxfast=0:glibc.malloc.tcache_count=0"}
"""Vosk frees small pieces of memory by the thousand: joined at once, not in one sweep now and then, they cost less."""


class Config(BaseModel):
    """Settings of one recogniser."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str = Field(
        default=BUNDLED, description=f"Folder of the model; `{BUNDLED}` is the one that comes along, for trying out."
    )

    @property
    def folder(self) -> Path:
        """Where the model stands."""
        return models.TINY if self.port == BUNDLED else Path(self.port)


async def hold(config: Config) -> Worker:
    """A process with the model still to be loaded. Raises DeviceFault (no model), DeviceOffline."""
    models.check(config.folder)
    return await Worker.start("drivers.speech.vosk.work", str(config.folder), env={**_MEMORY, **os.environ})


@dataclass(eq=False)
class _Sound:
    """Sound that waits to be heard, and what was told of it."""

    listening: str
    pcm: bytes
    told: dict[str, Any] | None = None
    is_asked: bool = False


class Device:
    """A recogniser with one model. Sound of several seats that comes at once is one question: each costs."""

    properties = SPEECH_PROPERTIES

    def __init__(self, config: Config, worker: Worker) -> None:
        self._worker = worker
        self._folder = config.folder
        self._came: list[_Sound] = []
        self._turn = asyncio.Lock()

    async def watch(self) -> AsyncIterator[SpeechReady]:
        """Once when the model is loaded."""
        told = await self._worker.ask({"do": "load"}, LOAD_PATIENCE_S)
        if not told:
            raise DeviceFault(f"the speech model in {self._folder} cannot be loaded")
        yield SpeechReady(model=told["sha256"], name=told["name"])
        while True:
            await self._worker.pause(STILL_THERE_S)

    async def begin(self, listening: str, rate: int, phrases: Sequence[str] = ()) -> None:
        """Listen anew under that name."""
        question = {"do": "begin", "listening": listening, "rate": rate, "phrases": list(phrases)}
        await self._worker.ask(question, PATIENCE_S)

    async def hear(self, listening: str, pcm: bytes) -> Heard:
        """The next sound."""
        sound = _Sound(listening, pcm)
        self._came.append(sound)
        async with self._turn:
            if not sound.is_asked:
                await asyncio.sleep(0)  # whoever has sound at this moment comes along
                await self._ask()
        if sound.told is None:
            raise DeviceOffline("the recogniser has ended")
        if "rejected" in sound.told:
            raise WishRejected(sound.told["rejected"])
        return _heard(sound.told)

    async def end(self, listening: str) -> Heard:
        """No more sound comes."""
        return _heard(await self._worker.ask({"do": "end", "listening": listening}, PATIENCE_S))

    async def _ask(self) -> None:
        """Have all heard that came."""
        sounds, self._came = self._came, []
        for sound in sounds:
            sound.is_asked = True
        question = {"do": "hear", "sounds": [(one.listening, len(one.pcm)) for one in sounds]}
        told = await self._worker.ask(question, PATIENCE_S, b"".join(one.pcm for one in sounds))
        for sound, heard in zip(sounds, told["heard"], strict=True):
            sound.told = heard


def _heard(told: dict[str, Any]) -> Heard:
    return Heard(told["partial"], [Utterance.model_validate(one) for one in told["finished"]])
