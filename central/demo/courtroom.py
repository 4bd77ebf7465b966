"""The demo's courtroom: its gateway, who sits where, and people who speak into its microphones."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from central.demo.acts import ref_of
from central.demo.boxes import page_of, start_gateway
from central.demo.eyes import Hands, StepFailed, Visitor, until
from central.demo.stage import Stage

ROOM, TABLE, EARS, CASE = "courtroom-a", "table-a", "ears-a", 9
RECORDINGS = Path(__file__).parents[2] / "firmware_configs" / "speech" / "samples"
ROLES: Mapping[str, str] = {
    "presiding-judge": "presiding_judge",
    "clerk": "clerk",
    "plaintiff": "plaintiff",
    "defendant": "defendant",
}
"""Seat -> role, in the order of the table's channels."""
Turn = Mapping[str, str]
"""Seat -> recording; those of one turn are spoken at once."""
TURNS: Sequence[Turn] = (
    {"presiding-judge": "court-01-base"},
    {"clerk": "court-10-base"},
    {"plaintiff": "court-05-base", "defendant": "court-06-linda"},
)
_PROGRAMS = {"pulseaudio": "pulseaudio", "pacat": "pulseaudio-utils", "ffmpeg": "ffmpeg"}


def open_room(court: Stage, quiet_s: float) -> tuple[Hands, str]:
    """Start its gateway; gives its emulated devices once microphones and recogniser are there, and its display's page.

    `quiet_s`: past its planned end a hearing closes after that much silence. Raises StepFailed, ChildFailed.
    """
    need_sound()

    def adapt(stations: dict[str, Any]) -> None:
        stations["courtroom"] |= {"quiet_s": quiet_s, "screen_port": 0}

    gateway = start_gateway(court, ROOM, adapt)
    hands = Hands(page_of(gateway))
    for device in (TABLE, EARS):
        gateway.wait_for(rf"(?<! of ){device} is up", 60)
    return hands, gateway.wait_for(r"display's page is at (\S+)", 60)[1]


def need_sound() -> None:
    """Raises StepFailed, naming what to install, where there is no sound server to speak into."""
    missing = [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]
    if missing:
        packages = " ".join(missing)
        raise StepFailed(
            f"the microphones need a sound server that is not here: apt-get install {packages}, and repeat"
        )


def plan(court: Stage, clerk: Visitor, opens: datetime, closes: datetime) -> int:
    """Have the clerk plan a hearing there; gives its number. Raises StepFailed."""
    until("the courtroom to be known", lambda: any(r["gateway"] == ROOM for r in clerk.get("/courtrooms")), 60)
    planned = clerk.post(
        "/hearings", case=CASE, gateway=ROOM, opens_at=opens.isoformat(), closes_at=closes.isoformat(),
        seats=dict(ROLES), presiding=ref_of(court, "judge"),
    )  # fmt: skip
    return int(planned["id"])


def speak(hands: Hands, turn: Turn) -> None:
    """Let each seat of a turn speak."""
    for seat, recording in turn.items():
        hands.push(TABLE, "say", channel=[*ROLES].index(seat) + 1, recording=recording)


def is_silent(hands: Hands) -> bool:
    """True once nobody has anything left to say."""
    return not any(hands.look(TABLE)["speaking_s"].values())


def until_silent(hands: Hands) -> None:
    """Return once nobody has anything left to say. Raises StepFailed."""
    until("the speakers to end", lambda: is_silent(hands), 60)
