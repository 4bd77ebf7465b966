"""Vosk as a recogniser: one model in a process of its own, one listening a seat."""

import base64
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from devices.errors import DeviceFault
from devices.speech import SPEECH_PROPERTIES, Heard, SpeechReady, Utterance
from drivers.speech.vosk import model as models
from drivers.worker import Worker

ABOUT = "Vosk speech recogniser; a small Mandarin court model comes along"
VERIFIED = True
TRANSPORTS = ("model",)
LOAD_PATIENCE_S = 120.0
PATIENCE_S = 60.0
STILL_THERE_S = 3600.0
BUNDLED = "court-zh-tiny"


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
    return await Worker.start("drivers.speech.vosk.work", str(config.folder))


class Device:
    """A recogniser with one model."""

    properties = SPEECH_PROPERTIES

    def __init__(self, config: Config, worker: Worker) -> None:
        self._worker = worker
        self._folder = config.folder

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
        sound = base64.b64encode(pcm).decode()
        return _heard(await self._worker.ask({"do": "hear", "listening": listening, "pcm": sound}, PATIENCE_S))

    async def end(self, listening: str) -> Heard:
        """No more sound comes."""
        return _heard(await self._worker.ask({"do": "end", "listening": listening}, PATIENCE_S))


def _heard(told: dict[str, object]) -> Heard:
    finished = told.get("finished", [])
    utterances = [Utterance.model_validate(one) for one in finished] if isinstance(finished, list) else []
    return Heard(str(told.get("partial", "")), utterances)
