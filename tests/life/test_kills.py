"""`kill -9`, and the plug pulled, at any moment while facts flow: each is committed exactly once, in order."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from central.blobs import Blobs
from devices.journal import ZERO, read_chain, read_line
from tests.kit.crowd import Witness, crowd
from tests.kit.installation import Box, Installation, small_court
from tests.kit.process import until

_LONGEST_PAUSE_S = 0.8


@dataclass
class Havoc:
    """Kills what it is told to, at moments of its own choosing, and lets it come back, not always at once."""

    court: Installation
    box: Box
    dice: random.Random
    power: bool = False
    """Pull the plug of gateway and central instead of killing the process."""
    done: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self) -> int:
        """How often a process was ended."""
        return sum(self.done.values()) - self.done["broker wiped"]

    def __str__(self) -> str:
        """What was done, in words."""
        told = ", ".join(f"{who} {times}" for who, times in sorted(self.done.items()))
        return f"{'power cuts' if self.power else 'kills'}: {self.kills} ({told})"

    def strike(self) -> None:
        """End one, two or all three, and start them again in any order."""
        victims = self.dice.sample([self.box.gateway, "broker", "central"], self.dice.choice([1, 1, 1, 2, 3]))
        for victim in victims:
            self._end(victim)
            self._pause()
        if "broker" in victims and self.dice.random() < 0.5:
            self.court.wipe_broker()
            self.done["broker wiped"] += 1
        for victim in self.dice.sample(victims, len(victims)):
            self._pause()
            self.court.processes[victim].launch()

    def _end(self, victim: str) -> None:
        if self.power and victim != "broker":
            self.court.cut(victim)
        else:
            self.court.kill9(victim)
        self.done[victim] += 1

    def _pause(self) -> None:
        time.sleep(self.dice.uniform(0, _LONGEST_PAUSE_S))  # that no moment is safe is what is tested


def wreck(court: Installation, box: Box, havoc: Havoc, kills: int, facts: int) -> Witness:
    """Strike while people push buttons, until there were that many kills and facts; then let everything drain."""
    witness = Witness(court, box)
    with crowd(court, box):
        while havoc.kills < kills or court.last(box) < facts:
            havoc.strike()
            witness.look()
            if havoc.dice.random() < 0.6:  # else strike again while they are still coming up
                wait_for_progress(court, box)
            witness.look()
        for name in (box.gateway, "broker", "central"):
            court.processes[name].wait_until_ready()
    witness.look()
    court.drain(box)
    return witness


def wait_for_progress(court: Installation, box: Box) -> None:
    lines, committed = court.last(box), len(court.ledger(box.name))

    def flow() -> bool:
        for name, process in court.processes.items():
            assert process.runs, f"{name} ended by itself:\n{process.last_words()}"
        return court.last(box) > lines and len(court.ledger(box.name)) > committed

    until("facts flow again", flow)


def judge(court: Installation, box: Box, witness: Witness) -> tuple[int, int]:
    """(losses, doubles), having seen that order and bytes are the same on both sides."""
    promised = [raw for _, raw in court.journal(box)]
    court.drain(box)  # a door that a person touched last may have been journaled since
    ledger = [raw for _, _, raw in court.ledger(box.name)]
    codes = Counter(line.body["code"] for line in map(read_line, ledger) if line.type == "code_read")
    losses = len((set(promised) | set(witness.seen.values())) - set(ledger))
    doubles = len(ledger) - len(set(ledger)) + sum(times - 1 for times in codes.values())
    if not losses and not doubles:
        assert ledger[: len(promised)] == promised
        assert len(read_chain(ledger, 1, ZERO)) == len(ledger)
    return losses, doubles


def weight_is_kept(court: Installation, box: Box) -> None:
    """What central gave its receipt for it has, whole (ledger rule 5); the box forgot nothing it named in a line."""
    blobs = Blobs(court.home / "blobs")
    started = [read_line(raw) for _, raw in court.journal(box)]
    named = {line.body["catalogue"] for line in started if line.type == "started"}
    until("the catalogue has a receipt", lambda: named <= {path.stem for path in (box.data / "blobs").glob("*.stored")})
    assert [len(blobs.get(sha256)) > 1000 for sha256 in named] == [True]


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Installation]:
    with small_court(tmp_path / "court", "locker-a") as court:
        yield court


@pytest.mark.parametrize(
    ("power", "kills", "facts"),
    [
        pytest.param(False, 10, 500, id="killed"),
        pytest.param(True, 8, 300, id="power cut"),
        pytest.param(False, 120, 5000, id="killed often", marks=pytest.mark.long),
        pytest.param(True, 100, 3000, id="many power cuts", marks=pytest.mark.long),
    ],
)
def test_every_fact_is_committed_exactly_once_and_in_order(
    court: Installation, power_cut_layer: Path, counted: Callable[[str], None], power: bool, kills: int, facts: int
) -> None:
    seed = random.randrange(2**32)
    counted(f"seed {seed}")
    box = court.boxes["locker-a"]
    if power:
        court.kill9(box.gateway, "central", "broker")
        court.forget_unsynced(power_cut_layer)
        court.start("broker", "central", box.gateway)
    havoc = Havoc(court, box, random.Random(seed), power)
    witness = wreck(court, box, havoc, kills, facts)
    weight_is_kept(court, box)
    losses, doubles = judge(court, box, witness)
    counted(f"{havoc}; facts: {len(court.ledger(box.name))}, losses: {losses}, doubles: {doubles}")
    assert (losses, doubles) == (0, 0)
    assert not {"poison", "fork", "chain_broken", "bad_seal"} & {kind for kind, _ in court.alarms()}
