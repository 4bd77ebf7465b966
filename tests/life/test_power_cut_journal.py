"""Power cuts under the gateway's journal: what it said is on disk is on disk."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.journal import ZERO, Line, read_chain
from tests.kit.powercut import ForgetfulDisk

_CHILD = """
import asyncio, sys
from contextlib import suppress
from pathlib import Path
from devices.claims import WishClaims
from devices.readers import CodeRead
from gateway.clock import Clock
from gateway.journal import Journal, Repeated

def wish(number):
    return WishClaims(iss="court", aud="box", jti=f"wish-{number:06}", iat=0, exp=1, actor="a", reason="r",
                      device="wall", type="open_cell", body={"cell": 1})

async def tell(journal, teller, taken):
    number = 0
    while True:
        number += 1
        written = await journal.append(f"reader-{teller}", CodeRead(code=f"{teller}/{number}"))
        print("line", written.seq, written.hash, flush=True)
        if teller == 0:
            taken += 1
            with suppress(Repeated):  # it was on disk, but the plug was pulled before that was said
                await journal.take_wish(wish(taken))
            print("wish", taken, flush=True)

async def main(path, taken):
    async with Journal(Path(path), "box", "key", Clock()) as journal:
        for number in range(1, taken + 1):
            try:
                await journal.take_wish(wish(number))
            except Repeated:
                continue
            print("forgotten", number, flush=True)
        async with asyncio.TaskGroup() as tellers:
            for teller in range(4):
                tellers.create_task(tell(journal, teller, taken))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


class Promises:
    """What the journal said is kept: lines by number, and how many wishes were taken."""

    def __init__(self) -> None:
        self.lines: dict[int, str] = {}
        self.wishes = 0
        self.forgotten: list[str] = []

    def hear(self, said: str) -> None:
        what, *rest = said.split()
        if what == "line":
            assert self.lines.setdefault(int(rest[0]), rest[1]) == rest[1], f"line {rest[0]} was written twice"
        elif what == "wish":
            self.wishes = int(rest[0])
        else:
            self.forgotten.append(said)


def write_until_the_power_goes(disk: ForgetfulDisk, lines: int, promises: Promises) -> None:
    """Let four tellers write at once; the plug is pulled when that many promises were heard, in the midst of more."""
    command = [sys.executable, "-c", _CHILD, disk.folder / "journal.db", str(promises.wishes)]
    process = subprocess.Popen(command, env=disk.environment, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        for _ in range(lines):
            said = process.stdout.readline()
            assert said, "the journal ended by itself"
            promises.hear(said)
        process.kill()
        for said in process.stdout:  # said before the kill, so promised
            if said.endswith("\n"):
                promises.hear(said)
    disk.cut()


def lines_on(disk: Path) -> list[Line]:
    db = sqlite3.connect(disk / "journal.db")
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return read_chain((raw for (raw,) in db.execute("SELECT raw FROM line ORDER BY n")), 1, ZERO)
    finally:
        db.close()


def survive(disk: ForgetfulDisk, cuts: int, dice: random.Random) -> Promises:
    promises = Promises()
    for _ in range(cuts):
        write_until_the_power_goes(disk, dice.randint(1, 120), promises)
        kept = {line.seq: line.hash for line in lines_on(disk.folder)}
        lost = {seq: hash_ for seq, hash_ in promises.lines.items() if kept.get(seq) != hash_}
        assert not lost
        assert not promises.forgotten
    return promises


@pytest.mark.parametrize("cuts", [12, pytest.param(300, marks=pytest.mark.long)])
def test_every_line_and_every_wish_the_journal_promised_survives_a_power_cut(
    forgetful: Callable[[str], ForgetfulDisk], counted: Callable[[str], None], cuts: int
) -> None:
    seed = random.randrange(2**32)
    disk = forgetful("box")
    promises = survive(disk, cuts, random.Random(seed))
    counted(
        f"seed {seed}, {disk.cuts} cuts, {len(promises.lines)} lines promised, {promises.wishes} wishes promised, "
        f"0 lost, {len(lines_on(disk.folder))} lines on disk"
    )
