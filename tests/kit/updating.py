"""A gateway as far as its own software goes, for environments of the tests: the real one but without devices and link.

`courtside-gateway run FOLDER`: follows `FOLDER/desired.json` by blobs in `FOLDER/blobs`, proves itself at once when it
is on trial, and ends with 0 once all that is desired is decided. All other commands are the real gateway's.
"""

import asyncio
import json
import sys
from pathlib import Path

from devices.box import GATEWAY, Stopped
from devices.claims import DesiredClaims, Document
from devices.errors import DeviceOffline
from gateway.bench import Bench
from gateway.catalogue import gateway_version
from gateway.clock import Clock
from gateway.deadlines import Deadlines
from gateway.documents import Documents
from gateway.identity import load
from gateway.inbox import DESIRED
from gateway.journal import Journal
from gateway.kept_software import KeptSoftware
from gateway.update import AGAIN, SOFTWARE, Proof, Update, launched

OWN = "gateway: room-1\ncourt: huishan\ndata: data\ndevices: {}\n"
"""The file of this box."""


async def follow(folder: Path) -> int:
    """Until all is decided; gives the exit code."""
    identity = load(folder)
    software = launched(folder)
    clock = Clock(rtc_healthy=True)
    left = asyncio.Event()

    async def fetch(sha256: str) -> bytes:
        try:
            return (folder / "blobs" / sha256).read_bytes()
        except FileNotFoundError as error:
            raise DeviceOffline(f"no blob {sha256}") from error

    async def up() -> None:
        """Nobody asks."""

    async with Journal(folder / "journal.db", identity.gateway, identity.kid, clock) as journal:
        bench = Bench({}, journal, Deadlines(clock.mono), fetch)
        documents = Documents(journal, fetch, folder)
        update = Update(software, identity, Proof(bench, 5.0, lambda: True), OWN, left.set)
        wanted = Document(**json.loads((folder / "desired.json").read_text()))
        await journal.remember(DESIRED, json.dumps({"iat": 1, "documents": {SOFTWARE: wanted.model_dump()}}))
        works = [documents.run(up), update.run(documents, fetch, up), left.wait(), _settled(software.kept, wanted)]
        tasks = [asyncio.ensure_future(work) for work in works]
        await documents.take(DesiredClaims(iss=identity.court, aud=identity.gateway, iat=1))
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()
        await journal.append(GATEWAY, Stopped())
    return AGAIN if left.is_set() else 0


async def _settled(kept: KeptSoftware, wanted: Document) -> None:
    while kept.settled < wanted.version or kept.given_up or kept.trying:  # noqa: ASYNC110 - a file tells nobody
        await asyncio.sleep(0.01)


def main() -> int:
    """See the module."""
    if sys.argv[1] != "run":
        from gateway import __main__ as real  # not at the head: each start would load it

        return real.main()
    code = asyncio.run(follow(Path(sys.argv[2])))
    print(f"release {gateway_version()} ends with {code}", flush=True)
    return code
