"""A hearing recorded without a recogniser is written down by rooms that have one, though one is killed at it."""

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from devices.journal import read_line
from drivers.speech.vosk import model as models
from tests.browser.hall import open_room, say
from tests.kit.clerk import Clerk
from tests.kit.installation import Box, Installation
from tests.kit.process import until

SAID = {1: "court-01-base", 3: "court-03-f5"}
SEATS = {1: "judge", 3: "plaintiff"}
LONG_S = 120.0


def lines(court: Installation, box: Box, type_: str) -> list[str]:
    """The wishes behind the box's lines of that type, as far as a transcriber is concerned."""
    told = [read_line(raw) for _, raw in court.journal(box)]
    return [str(line.cause) for line in told if line.type == type_ and line.device == "transcriber"]


def held(court: Installation, clerk: Clerk, room: Box) -> str:
    """A hearing in that room, spoken, sealed and proven; gives its path."""
    until("the room is known", lambda: any(r["gateway"] == room.name for r in clerk.get("/courtrooms")), LONG_S)
    now = datetime.now(UTC)
    times = {"opens_at": now.isoformat(), "closes_at": (now + timedelta(seconds=15)).isoformat()}
    planned = clerk.post("/hearings", case=1, gateway=room.name, seats=dict.fromkeys(SEATS.values(), "other"), **times)
    path = f"/hearings/{planned['id']}"
    until("it is open", lambda: clerk.get(path)["hearing"]["state"] == "recording", LONG_S)
    for channel, recording in SAID.items():
        say(court, room, channel, recording)
    until("it is proven", lambda: clerk.get(path)["hearing"]["proven_at"], LONG_S)
    return path


def is_written(clerk: Clerk, path: str) -> bool:
    """Every seat of every segment has its words in the transcript."""
    return all(all(one["seats"].values()) for one in clerk.get(path)["segments"])


@pytest.mark.long
def test_words_of_a_room_without_a_recogniser_are_made_by_others_though_one_is_killed_at_it(tmp_path: Path) -> None:
    with Installation(tmp_path) as court:
        court.found()
        clerk = Clerk(court)
        court.start("broker", "central")
        deaf = open_room(court, "courtroom-a", listens=False, quiet_s=2)
        killed = open_room(court, "courtroom-b")
        until("it has a model", lambda: "speech_ready" in str(court.journal(killed)))
        ears = _recogniser_of(court, killed)
        ears.send_signal(signal.SIGSTOP)
        path = held(court, clerk, deaf)
        until("the box is at work", lambda: lines(court, killed, "wish_taken"), LONG_S)
        court.kill9(killed.gateway)
        ears.kill()
        other = open_room(court, "courtroom-c")
        court.start(killed.gateway)
        until("all of it is written down", lambda: is_written(clerk, path), LONG_S)
        assert lines(court, killed, "wish_interrupted") and not lines(court, killed, "segment_transcribed")
        assert len(lines(court, other, "segment_transcribed")) == len(clerk.get(path)["segments"])
        heard = dict.fromkeys(SEATS.values(), "")
        for one in clerk.get(f"{path}/words"):
            heard[one["seat"]] += one["heard"]
        texts = {path.stem: text for path, text in models.spoken().items()}
        assert heard == {SEATS[channel]: texts[recording] for channel, recording in SAID.items()}


def _recogniser_of(court: Installation, box: Box) -> psutil.Process:
    """The process that holds the model of that box's gateway."""
    processes = psutil.Process(court.processes[box.gateway].pid).children(recursive=True)
    (found,) = [each for each in processes if "drivers.speech.vosk.work" in each.cmdline()]
    return found
