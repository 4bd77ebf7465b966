"""Puts a model in place: copied or fetched, checked by its hash and by what it hears in known recordings."""

import hashlib
import json
import shutil
import tempfile
import urllib.request
import wave
import zipfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError

from devices.errors import DeviceFault
from drivers.speech.vosk import model as models
from drivers.speech.vosk.driver import BUNDLED

PUBLISHED = "https://alphacephei.com/vosk/models/{name}.zip"
"""Where Vosk's makers publish their models, by name."""
_PIECE = 1 << 20
_TIMEOUT_S = 60

Progress = Callable[[int, int], None]
"""Bytes that are here, and all of them (0 if unknown)."""


class Installed(NamedTuple):
    """A model that is in place."""

    folder: Path
    sha256: str
    errors: float
    """Characters it heard otherwise in the recordings, as a share of all; far above 0 for another language."""


def install(source: str, into: Path, progress: Progress, sha256: str | None = None) -> Installed:
    """Put the model of that name, URL or folder below `into`. Raises DeviceFault; then nothing is changed.

    `sha256` is that of the archive, or of a folder's files as `model.sha256` has it.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix=".new-") as draft:
        found = _brought(source, Path(draft), progress, sha256)
        models.check(found)
        errors = heard_otherwise(found)
        place = into / found.name
        if place.exists():
            shutil.rmtree(place)
        found.rename(place)
    return Installed(place, models.sha256(place), errors)


def heard_otherwise(folder: Path) -> float:
    """The share of characters a model hears otherwise. Raises DeviceFault if it hears nothing at all."""
    from vosk import KaldiRecognizer, Model, SetLogLevel  # not at the head: whoever only copies does without

    SetLogLevel(-1)
    model = Model(str(folder))
    wrong = total = heard = 0
    for path, reference in models.spoken().items():
        with wave.open(str(path)) as wav:
            recogniser = KaldiRecognizer(model, wav.getframerate())
            recogniser.AcceptWaveform(wav.readframes(wav.getnframes()))
        text = json.loads(recogniser.FinalResult())["text"].replace(" ", "")
        wrong, total, heard = wrong + distance(text, reference), total + len(reference), heard + len(text)
    if not heard:
        raise DeviceFault(f"{folder.name} hears nothing in the recordings; it is no model for speech at 16 kHz")
    return round(wrong / total, 4)


def distance(one: str, other: str) -> int:
    """How many characters differ, are missing or too many (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def _brought(source: str, draft: Path, progress: Progress, sha256: str | None) -> Path:
    folder = models.TINY if source == BUNDLED else Path(source)
    if folder.is_dir():
        models.check(folder)
        _must_be(models.sha256(folder), sha256, source)
        return Path(shutil.copytree(folder, draft / folder.resolve().name))
    url = source if "://" in source else PUBLISHED.format(name=source)
    archive = draft / "model.zip"
    _must_be(_fetch(url, archive, progress), sha256, url)
    try:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(draft)
    except (zipfile.BadZipFile, OSError) as error:
        raise DeviceFault(f"{url} is no archive that can be unpacked: {error}") from error
    (found,) = [path for path in draft.iterdir() if path.is_dir()][:1] or [draft]
    return found


def _fetch(url: str, archive: Path, progress: Progress) -> str:
    digest, here = hashlib.sha256(), 0
    if not url.startswith(("https://", "http://")):
        raise DeviceFault(f"{url}: give a name, a folder, or an address that begins with https://")
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer, archive.open("wb") as file:  # noqa: S310
            whole = int(answer.headers.get("Content-Length", 0))
            while piece := answer.read(_PIECE):
                file.write(piece)
                digest.update(piece)
                here += len(piece)
                progress(here, whole)
    except (URLError, HTTPException, OSError) as error:
        raise DeviceFault(f"{url} cannot be fetched: {error}") from error
    if whole and here != whole:
        raise DeviceFault(f"{url} broke off after {here} of {whole} bytes; try again")
    return digest.hexdigest()


def _must_be(is_: str, wanted: str | None, what: str) -> None:
    if wanted is not None and is_ != wanted:
        raise DeviceFault(f"{what} has SHA-256 {is_}, not {wanted}; it is damaged or another one")
