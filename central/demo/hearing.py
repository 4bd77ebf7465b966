"""The step `hearing`: planned at central, held by its courtroom alone, sealed, proven; its words are those of Vosk."""

import csv
import json
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from central.clock import utc_now
from central.demo.boxes import run
from central.demo.court import PASSWORD
from central.demo.courtroom import RECORDINGS, ROOM, TURNS, open_room, plan, speak, until_silent
from central.demo.eyes import Hands, StepFailed, Visitor, until
from central.demo.signs import distance
from central.demo.stage import Stage

MOST_WRONG = 0.1
"""More characters wrong than that, and something is broken."""
_QUIET_S = 4.0
_IN, _FOR = timedelta(seconds=2), timedelta(seconds=14)
"""It goes on past its planned end while somebody speaks."""
_MODEL = RECORDINGS.with_name("court-zh-tiny")

Word = tuple[str, int, int]
"""A word, and the samples from which to which it was heard."""


def hearing(court: Stage) -> str:
    """A hearing opens by agenda, is spoken, closes, is sealed and countersigned; its words are those of bare Vosk."""
    begun = time.monotonic()
    hands, _ = open_room(court, _QUIET_S)
    with Visitor(court.url, "clerk", PASSWORD) as clerk:
        opens = utc_now() + _IN
        path = f"/hearings/{plan(court, clerk, opens, opens + _FOR)}"
        course = _held(clerk, hands, path)
        words = _words(clerk, path)
        bare = _bare(clerk, court.settings.home / "heard", path, course["segments"])
        _shown(clerk, path, words)
    _equal(words, bare)
    proof = _handed_out(court, course["hearing"]["ref"])
    wrong, signs = _wrong(words)
    if wrong > MOST_WRONG * signs:
        raise StepFailed(f"{wrong} of {signs} characters are wrong: {_said(words)}")
    return f"{_proof(course)}; {proof}; {_likeness(words, wrong, signs)} ({time.monotonic() - begun:.0f} s)"


def _held(clerk: Visitor, hands: Hands, path: str) -> Any:
    """Speak once the agenda has opened it, and press nothing; how it went, once it is sealed, proven and written."""
    until("the hearing to be opened by agenda", lambda: clerk.get(path)["hearing"]["state"] == "recording", 60)
    for turn in TURNS:
        speak(hands, turn)
        until_silent(hands)
    until("the hearing to be sealed", lambda: clerk.get(path)["hearing"]["state"] == "sealed", 90)
    until("central to have proven it", lambda: clerk.get(path)["hearing"]["proven_at"], 40)
    until("its words to be in the transcript", lambda: _is_written(clerk.get(path)), 40)
    course = clerk.get(path)
    if course["hearing"]["flaws"] or not course["hearing"]["countersign"]:
        raise StepFailed(f"central does not sign it: {course['hearing']['flaws']}")
    return course


def _is_written(course: Any) -> bool:
    return all(all(segment["seats"].values()) for segment in course["segments"])


def _words(clerk: Visitor, path: str) -> Mapping[str, list[Word]]:
    """What the transcript has, by seat."""
    words: dict[str, list[Word]] = {seat: [] for turn in TURNS for seat in turn}
    for said in clerk.get(f"{path}/words"):
        words.setdefault(said["seat"], []).extend((word, first, last) for word, first, last, _ in said["words"])
    return words


def _bare(clerk: Visitor, folder: Path, path: str, segments: Sequence[Any]) -> Mapping[str, list[Word]]:
    """What a bare Vosk loop hears in the sound as it is stored: one recogniser a seat, from gap to gap."""
    base = end = 0
    for segment in segments:
        base = base if segment["from_sample"] == end else segment["from_sample"]
        end = segment["to_sample"]
        for seat in segment["seats"]:
            unbroken = folder / f"{base} {seat}"
            unbroken.mkdir(parents=True, exist_ok=True)
            sound = clerk.fetch(f"{path}/sound/{segment['number']}/{seat}")
            (unbroken / f"{segment['number']:06}.flac").write_bytes(sound)
    heard: dict[str, list[Word]] = {}
    told = json.loads(run("central.demo.bare_vosk", str(_MODEL), str(folder)))
    for name, words in sorted(told.items(), key=lambda each: int(each[0].split()[0])):
        since, seat = name.split(" ", 1)
        heard.setdefault(seat, []).extend((word, int(since) + a, int(since) + b) for word, a, b in words)
    return heard


def _equal(words: Mapping[str, list[Word]], bare: Mapping[str, list[Word]]) -> None:
    for seat in sorted({*words, *bare}):
        ours, theirs = words.get(seat, []), bare.get(seat, [])
        if ours != theirs:
            raise StepFailed(f"{seat}: the transcript has {ours}, bare Vosk hears {theirs}")


def _wrong(words: Mapping[str, list[Word]]) -> tuple[int, int]:
    """(characters wrong, characters), against what was spoken at each seat."""
    with (RECORDINGS / "refs.tsv").open(encoding="utf-8", newline="") as file:
        texts = {row["file"].removesuffix(".wav"): row["reference"] for row in csv.DictReader(file, delimiter="\t")}
    spoken = {seat: "".join(texts[turn[seat]] for turn in TURNS if seat in turn) for turn in TURNS for seat in turn}
    wrong = sum(distance(said, spoken.get(seat, "")) for seat, said in _said(words).items())
    return wrong, sum(map(len, spoken.values()))


def _said(words: Mapping[str, list[Word]]) -> Mapping[str, str]:
    return {seat: "".join(word for word, _, _ in heard) for seat, heard in words.items()}


def _shown(clerk: Visitor, path: str, words: Mapping[str, list[Word]]) -> None:
    page = clerk.look(f"{path}/transcript")
    missing = [word for heard in words.values() for word, _, _ in heard if word not in page]
    if missing:
        raise StepFailed(f"the page with the transcript lacks {missing[0]}")


def _handed_out(court: Stage, ref: str) -> str:
    """What a stranger is told who has the export and the root's fingerprint, and nothing else of the court."""
    home = court.settings.home
    run("central", "export", "--home", str(home), "--hearing", ref, str(home / f"{ref}.zip"))
    said = run("central", "verify", str(home / f"{ref}.zip"), "--root", court.root).splitlines()
    if said[0] != "OK":
        raise StepFailed(f"its export does not hold: {said}")
    return f"exported and verified by the root alone: {said[0]}, {said[1].partition(': ')[2]}"


def _proof(course: Any) -> str:
    held, events = course["hearing"], course["events"]
    opened = next(event for event in events if event["type"] == "hearing_opened")
    closed = next(event for event in events if event["type"] == "hearing_closed")
    if (opened["what"]["by"], closed["what"]["by"]) != ("agenda", "agenda"):
        raise StepFailed(f"opened by {opened['what']['by']}, closed by {closed['what']['by']}, not by agenda")
    gaps = sum(event["type"] == "sound_gap" for event in events)
    return (
        f"{ROOM} opened and closed by agenda, nobody pressed anything; "
        f"{len(held['seats'])} seats through PulseAudio, two of them at once; "
        f"{held['samples'] / held['rate']:.1f} s of sound, segments: {len(course['segments'])}, gaps: {gaps}; "
        f"sealed, every byte proven and countersigned: manifest {held['manifest'][:12]}, line {held['proven_line']}"
    )


def _likeness(words: Mapping[str, list[Word]], wrong: int, signs: int) -> str:
    count = sum(map(len, words.values()))
    return (
        f"{count} words, word for word and sample for sample those of a bare Vosk loop over the stored sound; "
        f"character error {wrong} of {signs} ({100 * wrong / signs:.1f} %); open in the player"
    )
