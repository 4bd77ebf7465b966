"""kill -9 at any moment: what was acknowledged to the caller is there afterwards, once, in an unbroken chain."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devices.journal import ZERO, read_chain
from gateway.journal_store import raws, read_only

_CHILD = """
import asyncio, sys
from pathlib import Path
from devices.readers import CodeRead
from gateway.clock import Clock
from gateway.journal import Journal

async def tell(journal, teller):
    number = 0
    while True:
        number += 1
        written = await journal.append(f"reader-{teller}", CodeRead(code=str(number)))
        print(written.seq, written.hash, flush=True)

async def main():
    async with Journal(Path(sys.argv[1]), "locker-a", "key", Clock()) as journal:
        async with asyncio.TaskGroup() as tellers:
            for teller in range(5):
                tellers.create_task(tell(journal, teller))

asyncio.run(main())
"""


def killed_after(path: Path, lines: int) -> dict[int, str]:
    """What a journal said it wrote before it was killed."""
    command = [sys.executable, "-c", _CHILD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read().splitlines()
    whole = [line.split() for line in said if len(line.strip().rpartition(" ")[2]) == 64]
    return {int(seq): hash_ for seq, hash_ in whole}


@pytest.mark.parametrize("seed", range(3))
def test_what_was_acknowledged_survives_the_kill(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    said: dict[int, str] = {}
    for _ in range(3):
        more = killed_after(tmp_path / "journal.db", chance.randint(1, 400))
        assert not said.keys() & more.keys()
        said |= more
    db = read_only(tmp_path / "journal.db")
    kept = read_chain(list(raws(db, 1, 1 << 40)), 1, ZERO)
    db.close()
    assert {seq: kept[seq - 1].hash for seq in said} == said
    told = [(line.device, line.boot, line.body["code"]) for line in kept if line.type == "code_read"]
    assert len(kept) == len(told) + 1
