"""The envelopes on a desk: which are open is remembered, what happened to them is read back from the journal."""

import json
from collections.abc import Iterator

from devices.journal import Line, read_line
from devices.messages import UnreadableMessage, read_fact
from devices.scanning import SCANNING
from gateway.journal import Journal
from gateway.journal_store import raws
from gateway.scanning.envelope import Envelope

OPEN, HELD = "scanning open", "scanning held"
_HELD_KEPT = 200


class Shelf:
    """The open envelopes of one box, and the ids of those closed last."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._since: dict[str, int] = json.loads(journal.recall(OPEN) or "{}")
        self._held: list[str] = json.loads(journal.recall(HELD) or "[]")
        self._envelopes = {job: Envelope(job) for job in self._since}
        self._recall()

    def find(self, job: str) -> Envelope | None:
        """The open envelope of that id."""
        return self._envelopes.get(job)

    def open_ones(self) -> list[Envelope]:
        """Every open envelope."""
        return list(self._envelopes.values())

    def was_held(self, job: str) -> bool:
        """Whether one of that id was closed here lately."""
        return job in self._held

    async def begin(self, job: str) -> Envelope:
        """An envelope comes; its lines follow."""
        self._since[job] = self._journal.head.n
        await self._journal.remember(OPEN, json.dumps(self._since))
        self._envelopes[job] = Envelope(job)
        return self._envelopes[job]

    async def put_away(self, job: str) -> None:
        """It is closed, and a line says so."""
        self._held = [*self._held, job][-_HELD_KEPT:]
        await self._journal.remember(HELD, json.dumps(self._held))
        del self._envelopes[job], self._since[job]
        await self._journal.remember(OPEN, json.dumps(self._since))

    def _recall(self) -> None:
        for line in self._lines():
            try:
                fact = read_fact(line.type, line.body)
            except UnreadableMessage:
                continue  # a line of an older or newer version, which says nothing about this
            for envelope in self._envelopes.values():
                envelope.take(fact)
        for job, envelope in list(self._envelopes.items()):
            if envelope.opened is None or envelope.closed is not None:
                del self._envelopes[job], self._since[job]
                self._held += [job] if envelope.closed else []

    def _lines(self) -> Iterator[Line]:
        if not self._since:
            return
        for raw in raws(self._journal.reader, min(self._since.values()) + 1, self._journal.head.n + 1):
            line = read_line(raw)
            if line.device == SCANNING:
                yield line
