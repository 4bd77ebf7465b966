"""Power cuts under central: what it acknowledged is in its ledger, and a gateway may go on from there."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.journal import ZERO, Line, read_chain
from tests.kit.databases import sqlite_in
from tests.kit.powercut import ForgetfulDisk

_CHILD = """
import sys
from datetime import UTC, datetime
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from central.ledger.accept import Ledger, newest_book
from central.ledger.batch import Sender
from central.store import Store
from devices.box import BookOpened
from devices.claims import SealClaims
from devices.grants import keys_of, sign, thumbprint
from devices.journal import ZERO, Stamp, join, line_hash, write_line
from devices.messages import write_body
from devices.readers import CodeRead

key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
kid = thumbprint(key.public_key())
at = Stamp(datetime(2026, 1, 1, tzinfo=UTC), "boot", 0)

def lines():  # a gateway whose lines are the same each time, for it never lost one
    seq, head = 1, ZERO
    fact = BookOpened(gateway="box", book="book", key=kid)
    while True:
        raw = write_line(seq, head, at, "reader", (fact.type, write_body(fact)))
        yield raw
        seq, head, fact = seq + 1, line_hash(raw), CodeRead(code=f"code {seq}")

def batch(raws, first):
    seq = first + len(raws) - 1
    claims = SealClaims(iss="box", aud="court", book="book", first=first, seq=seq, head=line_hash(raws[-1]))
    return join(raws), sign("seal", claims.write(), key, kid)

store, ledger = Store("sqlite:///" + sys.argv[1]), Ledger("court")
with store.read() as session:
    book = newest_book(session, "box")
    done = book.seq if book else 0
source = lines()
for _ in range(done):
    next(source)
sender = Sender("box", keys_of([key.public_key()]))
while True:
    raws = [next(source) for _ in range(1 + done % 7)]
    with store.write() as session:
        accepted = ledger.accept(session, sender, *batch(raws, done + 1))
    done = accepted.seq
    print(accepted.result, accepted.seq, accepted.head, flush=True)
"""


def take_in_until_the_power_goes(disk: ForgetfulDisk, answers: int) -> list[tuple[str, int, str]]:
    """Let central take in batches; the plug is pulled after that many answers, in the midst of the next."""
    command = [sys.executable, "-c", _CHILD, disk.folder / "central.db"]
    process = subprocess.Popen(command, env=disk.environment, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        heard = [process.stdout.readline() for _ in range(answers)]
        process.kill()
        heard += [line for line in process.stdout if line.endswith("\n")]
    disk.cut()
    said = [line.split() for line in heard]
    return [(result, int(seq), head) for result, seq, head in said]


def ledger_on(disk: Path) -> list[Line]:
    db = sqlite3.connect(disk / "central.db")
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        lines = read_chain((raw for (raw,) in db.execute("SELECT raw FROM ledger_lines ORDER BY seq")), 1, ZERO)
        assert db.execute("SELECT seq, head FROM ledger_books").fetchall() == [(lines[-1].seq, lines[-1].hash)]
        assert db.execute("SELECT count(*), max(seq) FROM ledger_seals").fetchone()[1] == lines[-1].seq
        return lines
    finally:
        db.close()


@pytest.mark.parametrize("cuts", [8, pytest.param(150, marks=pytest.mark.long)])
def test_every_line_central_acknowledged_survives_a_power_cut(
    forgetful: Callable[[str], ForgetfulDisk], counted: Callable[[str], None], up_to_date: Path, cuts: int
) -> None:
    seed = random.randrange(2**32)
    dice, disk, acked = random.Random(seed), forgetful("home"), 0
    sqlite_in(disk.folder, up_to_date)
    for _ in range(cuts):
        answers = take_in_until_the_power_goes(disk, dice.randint(1, 40))
        assert {result for result, _, _ in answers} == {"stored"}
        kept = {line.seq: line.hash for line in ledger_on(disk.folder)}
        assert [seq for _, seq, head in answers if kept.get(seq) != head] == []
        acked = max(seq for _, seq, _ in answers)
        assert len(kept) >= acked
    counted(f"seed {seed}, {disk.cuts} cuts, {acked} lines acknowledged, 0 lost")
