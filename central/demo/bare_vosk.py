"""What Vosk alone makes of stored sound, with nothing of ours around it: `python -m central.demo.bare_vosk MODEL DIR`.

Each folder in DIR is one speaker's sound without a break, in FLAC files in the order of their names. Prints JSON:
folder -> [word, first sample, last] of each word. A program of its own: central loads no recogniser.
"""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vosk import KaldiRecognizer, Model, SetLogLevel

RATE = 16000
PIECE = RATE // 10 * 2
"""Bytes given at once: 0.1 s, on which it depends where Vosk ends an utterance."""


def heard(model: Model, sounds: Iterable[Path]) -> list[tuple[str, int, int]]:
    """The words in those files, one after another."""
    pcm = b"".join(_decoded(sound) for sound in sounds)
    recogniser = KaldiRecognizer(model, RATE)
    recogniser.SetWords(True)
    said: list[dict[str, Any]] = []
    for at in range(0, len(pcm), PIECE):
        if recogniser.AcceptWaveform(pcm[at : at + PIECE]):
            said += json.loads(recogniser.Result()).get("result", [])
    said += json.loads(recogniser.FinalResult()).get("result", [])
    return [(word["word"], round(word["start"] * RATE), round(word["end"] * RATE)) for word in said]


def _decoded(sound: Path) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(sound), "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


if __name__ == "__main__":
    SetLogLevel(-1)
    spoken, folder = Model(sys.argv[1]), Path(sys.argv[2])
    told = {each.name: heard(spoken, sorted(each.iterdir())) for each in sorted(folder.iterdir())}
    sys.stdout.write(json.dumps(told))
