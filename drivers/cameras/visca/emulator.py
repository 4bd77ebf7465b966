"""A VISCA camera in software: it turns step by step, and somebody may turn it by its remote control."""

from collections.abc import Mapping
from typing import Any

from drivers.cameras.visca import wire
from drivers.hands import Hand
from drivers.late import Late

SOCKET = 1
STEPS = 4
"""Looks during which it turns: an emulator has no clock."""


def stored(preset: int) -> tuple[int, int]:
    """Where it looks in that stored position."""
    return preset * 300 - 600, 50 - preset * 40


class Emulator:
    """One camera with `stored_positions` of them."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._camera = int(settings.get("camera", 1))
        self._stored = int(settings.get("stored_positions", 255))
        self._at = (0, 0)
        self._goal = (0, 0)
        self._steps = 0
        self._says_done = bool(settings.get("says_done", True))
        self._owes_done = False
        self._standby = False
        self._recalls = 0
        self._late = Late()
        self._framer = wire.question_framer()

    def feed(self, data: bytes) -> bytes:
        """What the camera answers at once."""
        ours = (question for question in self._framer.feed(data) if question.camera == self._camera)
        return b"".join(self._late.pass_on(self._answer(question.to_bytes())) for question in ours)

    def poll(self) -> bytes:
        """Answers that come late, and that it is done; it turns on."""
        out = self._late.poll()
        if self._owes_done:
            self._step()
            if self._at == self._goal:
                self._owes_done = False
                out += wire.done(self._camera, SOCKET).to_bytes() if self._says_done else b""
        return b"" if self._late.look()["silent"] else out

    def look(self) -> dict[str, Any]:
        """Where it looks."""
        return {"pan": self._at[0], "tilt": self._at[1], "standby": self._standby, "recalls": self._recalls,
                **self._late.look()}  # fmt: skip

    def hands(self) -> Mapping[str, Hand]:
        """A remote control, and ways to misbehave."""
        return {
            "turn": Hand("用遥控器转动（水平步数）", self._turn, {"pan": "int"}),
            "standby": Hand("是否待机", self._sleep, {"on": "bool"}),
            **self._late.hands(),
        }

    def _turn(self, pan: int) -> None:
        self._at = self._goal = (pan, self._at[1])

    def _sleep(self, on: bool) -> None:
        self._standby = on

    def _step(self) -> None:
        if self._steps <= 1:
            self._at, self._steps = self._goal, 0
            return
        self._at = tuple(now + (goal - now) // self._steps for now, goal in zip(self._at, self._goal, strict=True))  # type: ignore[assignment]
        self._steps -= 1

    def _answer(self, question: bytes) -> bytes:
        if question[1:4] == b"\x09\x06\x12":
            self._step()
            return wire.position(self._camera, *self._at).to_bytes()
        if question[1:5] != b"\x01\x04\x3f\x02":
            return wire.refused(self._camera, wire.SYNTAX).to_bytes()
        if self._standby:
            return wire.refused(self._camera, wire.NOT_NOW).to_bytes()
        if question[5] >= self._stored:
            return wire.refused(self._camera, wire.SYNTAX).to_bytes()
        self._goal, self._steps, self._owes_done = stored(question[5]), STEPS, True
        self._recalls += 1
        return wire.taken(self._camera, SOCKET).to_bytes()
