"""The agenda of a room as it is in force, and the self-test before each of its hearings."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Collection
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from devices.agenda import Agenda, AgendaHearing
from devices.errors import DeviceError
from devices.hearings import ArmingRefused, HearingArmed
from devices.speech import WordList
from gateway import durable
from gateway.hearing.room import Room
from gateway.hearing.selftest import Seen, problems
from gateway.stations.place import Place
from gateway.supervise import Up

log = logging.getLogger(__name__)


class Arming:
    """What is planned for the room, and how it stands with each hearing; `folder` has a folder a hearing."""

    def __init__(self, room: Room, place: Place, folder: Path) -> None:
        self.agenda = Agenda()
        self._room = room
        self._settings = room.settings
        self._place = place
        self._folder = folder
        self._told: dict[str, HearingArmed | ArmingRefused] = {}

    async def follow(self, documents: Callable[[], AsyncIterator[bytes]], up: Up) -> None:
        """Take each newer agenda; one that cannot be read leaves the one before in force."""
        await up()
        async for document in documents():
            try:
                self.agenda = Agenda.model_validate_json(document)
            except ValidationError as error:
                log.error("the agenda cannot be read, the one before stays: %s", error)

    def planned(self, hearing: str) -> AgendaHearing | None:
        """The hearing, if it is planned for this room."""
        plan = self.agenda.find(hearing)
        return plan if plan is not None and plan.room == self._settings.room else None

    def due(self, now: datetime, within_s: float = 0, but: Collection[str | None] = ()) -> list[AgendaHearing]:
        """What is to be armed or opened now, or within that time, the earliest first; leaves out those in `but`."""
        soon_s = max(self._settings.arm_before_s, within_s)
        plans = (plan for plan in self.agenda.of_room(self._settings.room) if plan.hearing not in but)
        return [p for p in plans if now < p.closes_at and (p.opens_at - now).total_seconds() <= soon_s]

    async def test(self, plan: AgendaHearing, taken_by: str | None) -> HearingArmed | ArmingRefused | None:
        """The self-test; gives what it found if that is news. While a severe ticket is open, arming is refused."""
        seen = Seen(
            ears=self._room.ears,
            rate=self._room.rate,
            clock_trusted=self._place.journal.clock.trusted,
            free_bytes=shutil.disk_usage(self._folder.parent).free,
            has_model=self._room.has_model,
            has_words=await self._has_words(plan),
            taken_by=taken_by,
        )
        found, tickets = tuple(problems(plan, self.agenda, seen)), self.agenda.tickets
        told: HearingArmed | ArmingRefused = HearingArmed(hearing=plan.hearing, problems=found)
        if tickets:
            told = ArmingRefused(hearing=plan.hearing, tickets=tickets, problems=found)
        if self._told.get(plan.hearing) == told:
            return None
        self._told[plan.hearing] = told
        return told

    async def _has_words(self, plan: AgendaHearing) -> bool:
        kept = self._folder / plan.hearing / "words.json"
        if plan.words is None or kept.exists():
            return True
        try:
            words = WordList.model_validate_json(await self._place.uploads.fetch(plan.words))
        except (DeviceError, ValidationError):
            return False
        kept.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(durable.write, kept, words.model_dump_json().encode())
        return True
