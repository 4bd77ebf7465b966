"""The process that holds the model: `python -m drivers.speech.vosk.work FOLDER`, asked by `driver.py`.

Sound is given to Vosk in pieces of one length, however it came, so that the same sound always gives the same words.
"""

import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vosk import KaldiRecognizer, Model, SetLogLevel

from devices.errors import DeviceFault, WishRejected
from drivers.speech.vosk import model as models
from drivers.worker import serve

PIECE_S = 0.1
_WIDTH = 2


class Listening:
    """One seat's recogniser."""

    def __init__(self, model: Model, rate: int, phrases: Sequence[str]) -> None:
        grammar = [json.dumps([*phrases, "[unk]"], ensure_ascii=False)] if phrases else []
        self._recogniser = KaldiRecognizer(model, rate, *grammar)
        self._recogniser.SetWords(True)
        self._rate = rate
        self._piece = round(rate * PIECE_S) * _WIDTH
        self._waiting = b""
        self._partial = ""

    def hear(self, pcm: bytes) -> dict[str, Any]:
        """The words so far, and the utterances that ended."""
        sound, finished = self._waiting + pcm, []
        whole = len(sound) - len(sound) % self._piece
        for at in range(0, whole, self._piece):
            if self._recogniser.AcceptWaveform(sound[at : at + self._piece]):
                finished += self._utterances(self._recogniser.Result())
                self._partial = ""
        self._waiting = sound[whole:]
        if whole:
            self._partial = json.loads(self._recogniser.PartialResult()).get("partial", "")
        return {"partial": self._partial, "finished": finished}

    def end(self) -> dict[str, Any]:
        """What was being said, finished."""
        finished = []
        if self._waiting and self._recogniser.AcceptWaveform(self._waiting):
            finished += self._utterances(self._recogniser.Result())
        finished += self._utterances(self._recogniser.FinalResult())
        return {"partial": "", "finished": finished}

    def _utterances(self, result: str) -> list[dict[str, Any]]:
        words = [
            {
                "word": told["word"],
                "from_sample": round(told["start"] * self._rate),
                "to_sample": round(told["end"] * self._rate),
                "confidence": told["conf"],
            }
            for told in json.loads(result).get("result", [])
        ]
        if not words:
            return []
        return [{"from_sample": words[0]["from_sample"], "to_sample": words[-1]["to_sample"], "words": words}]


class Work:
    """Answers questions about sound; the model is shared by all listenings."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model: Model | None = None
        self._listening: dict[str, Listening] = {}

    def answers(self, question: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """One answer. Raises DeviceFault (no model, a corrupt one), WishRejected."""
        match question["do"]:
            case "load":
                return [self._load()]
            case "begin":
                self._begin(question["listening"], question["rate"], question["phrases"])
                return []
            case "hear":
                bulk = io.BytesIO(question["bulk"])
                return [{"heard": [self._hear(name, bulk.read(length)) for name, length in question["sounds"]]}]
            case _:
                ended = self._of(question["listening"]).end()
                del self._listening[question["listening"]]
                return [ended]

    def _load(self) -> dict[str, Any]:
        models.check(self._folder)
        # Python's Vosk raises a plain Exception when the library gives no model back.
        self._model = Model(str(self._folder))
        return {"sha256": models.sha256(self._folder), "name": self._folder.name}

    def _begin(self, listening: str, rate: int, phrases: Sequence[str]) -> None:
        if self._model is None:
            raise DeviceFault("no model is loaded")
        self._listening[listening] = Listening(self._model, rate, phrases)

    def _hear(self, listening: str, pcm: bytes) -> dict[str, Any]:
        """What is wrong with one seat's sound is nothing to the others."""
        try:
            return self._of(listening).hear(pcm)
        except WishRejected as error:
            return {"rejected": str(error)}

    def _of(self, listening: str) -> Listening:
        try:
            return self._listening[listening]
        except KeyError:
            raise WishRejected(f"nobody began to listen as {listening!r}") from None


if __name__ == "__main__":
    SetLogLevel(-1)
    serve(Work(Path(sys.argv[1])).answers)
