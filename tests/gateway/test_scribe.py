"""Seats of a room ask their recogniser at the same moments, whenever each began: what comes together costs once."""

import asyncio

from devices.speech import Heard
from gateway.hearing.scribe import Scribe
from tests.kit.dictation import RATE, Dictation, sound

CHUNK_S = 0.05
CHUNK = round(CHUNK_S * RATE)


class Listed(Dictation):
    """Keeps who asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def hear(self, listening: str, pcm: bytes) -> Heard:
        """The next sound."""
        self.asked.append(listening)
        return await super().hear(listening, pcm)


async def up() -> None:
    """Nobody wants to know."""


async def test_seats_that_begin_one_after_another_are_heard_together() -> None:
    recogniser, together = Listed(), list[int]()
    begins = {"judge": 0, "clerk": 7 * CHUNK, "witness": 16 * CHUNK}
    scribes = {seat: Scribe(seat, RATE, recogniser.reached, lambda caption: None) for seat in begins}
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(scribe.run(up)) for scribe in scribes.values()]
        for at in range(0, 2 * RATE, CHUNK):
            for seat, scribe in scribes.items():
                if at >= begins[seat]:
                    scribe.hear(at, sound((0, CHUNK_S)))
            for _ in range(10):  # turns of the loop, in which all is heard
                await asyncio.sleep(0)
            together += [len(recogniser.asked)] if recogniser.asked else []
            recogniser.asked.clear()
        for task in tasks:
            task.cancel()
    assert together == [1, 2, 3, 3, 3, 3]
