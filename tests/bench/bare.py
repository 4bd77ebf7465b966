"""The bare loops ours is measured against: the same work with nothing around it."""

import hashlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from devices.box import BookOpened
from devices.claims import SealClaims
from devices.grants import sign, thumbprint
from devices.journal import MAX_BATCH_LINES, ZERO, Stamp, join, line_hash, write_line
from devices.locks import DoorChanged
from devices.messages import Fact, write_body

Batch = tuple[bytes, str]
"""Lines as they travel, and their seal."""

GATEWAY = """
import aiomqtt, argparse, encodings.idna, jwt, pydantic, serial, sqlite3, ssl, yaml
from cryptography.hazmat.primitives.asymmetric import ed25519
class One(pydantic.BaseModel):
    field: int
"""
"""What a gateway with a lock, a reader and a printer cannot do without.

`import pydantic` loads next to nothing: what a model needs comes with the first one, so there is one here. A TLS
connection to a host by name needs `ssl` and `encodings.idna`, which are else loaded when it is made.
"""


def batches(lines: int, key: Ed25519PrivateKey, court: str, gateway: str) -> Iterator[Batch]:
    """A book of that many lines: doors that open and shut, sealed in full batches."""
    kid, book, head, seq = thumbprint(key.public_key()), "b" * 32, ZERO, 0
    while seq < lines:
        first, raws = seq + 1, []
        for _ in range(min(MAX_BATCH_LINES, lines - seq)):
            seq += 1
            fact: Fact = DoorChanged(cell=1 + seq // 2 % 12, door="shut" if seq % 2 else "open")
            if seq == 1:
                fact = BookOpened(gateway=gateway, book=book, key=kid)
            stamp = Stamp(datetime.now(UTC), "boot0001", seq)
            device = "gateway" if seq == 1 else "wall-a"
            raws.append(write_line(seq, head, stamp, device, (fact.type, write_body(fact))))
            head = line_hash(raws[-1])
        claims = SealClaims(iss=gateway, aud=court, book=book, first=first, seq=seq, head=head)
        yield join(raws), sign("seal", claims.write(), key, kid)


def verify_and_store(told: list[Batch], key: Ed25519PublicKey, path: Path) -> float:
    """Seconds a bare loop takes to check seal and chain of each batch and to store its lines durably."""
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute("CREATE TABLE line (seq INTEGER PRIMARY KEY, hash TEXT, device TEXT, type TEXT, at TEXT, raw BLOB)")
    begun, head = time.perf_counter(), ZERO
    for payload, seal in told:
        claims = jwt.decode(seal, key, algorithms=["EdDSA"], options={"verify_aud": False})
        rows = []
        for raw in payload.split(b"\n"):
            line = json.loads(raw)
            if line["prev"] != head:
                raise ValueError(f"line {line['seq']} does not follow")
            head = hashlib.sha256(raw).hexdigest()
            rows.append((line["seq"], head, line["device"], line["type"], line["at"], raw))
        if claims["head"] != head:
            raise ValueError("the seal does not fit")
        base.execute("BEGIN IMMEDIATE")
        base.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?, ?)", rows)
        base.execute("COMMIT")
    took = time.perf_counter() - begun
    base.close()
    return took


def resident(program: str = GATEWAY) -> float:
    """Megabytes resident of a fresh interpreter that ran this program and nothing else."""
    tell = "print(open('/proc/self/status').read().split('VmRSS:')[1].split()[0])"
    done = subprocess.run([sys.executable, "-c", program + tell], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024
