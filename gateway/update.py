"""Another release of the gateway's software is tried, proven and kept; or the last good one comes back by itself."""

import asyncio
import hashlib
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devices.box import GATEWAY, SoftwareKept, SoftwareRefused, SoftwareTried
from devices.messages import Fact, Fetch
from gateway.bench import Bench
from gateway.documents import Documents
from gateway.identity import Identity
from gateway.kept_software import KeptSoftware, Release
from gateway.launch import FOLDER, LAUNCHER
from gateway.supervise import Up

SOFTWARE = "software"
"""The document that names a release."""
AGAIN = 75
"""Exit code with which the gateway asks to be started again (EX_TEMPFAIL of sysexits.h)."""
HEARD_S = 180.0
"""Seconds within which central must have heard a release on trial."""
_LOOK_S = 0.2
_LONGEST_WHY = 600

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Software:
    """How this gateway was launched: what it can go back to, and which release it is itself."""

    kept: KeptSoftware
    python: Path | None
    """Stands outside of all updates; None where nobody would go back, and so nothing is tried."""

    @property
    def on_trial(self) -> Release | None:
        """The release on trial, if that is what runs here."""
        tried = self.kept.trying
        return tried if tried and self.kept.folder / tried.folder == Path(sys.prefix) else None


def launched(data: Path) -> Software:
    """As `gateway.launch` says by the environment. Raises OSError."""
    folder, launcher = os.environ.get(FOLDER), os.environ.get(LAUNCHER)
    return Software(KeptSoftware(Path(folder) if folder else data / SOFTWARE), Path(launcher) if launcher else None)


@dataclass(frozen=True)
class Proof:
    """When a release on trial is a good one: its devices are back, and central has heard it."""

    bench: Bench
    within_s: float
    """For the devices."""
    is_heard: Callable[[], bool]

    async def missing(self, devices: tuple[str, ...]) -> str:
        """What is not as it should be, in words; empty if all is."""
        gone = await self.bench.missing(devices, self.within_s)
        if gone:
            return f"not back within {self.within_s:.0f} s: {', '.join(sorted(gone))}"
        try:
            async with asyncio.timeout(HEARD_S):
                while not self.is_heard():  # noqa: ASYNC110 - an ack wakes nobody
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            return f"central did not hear it within {HEARD_S:.0f} s"
        return ""


class Update:
    """Follows the document `software`; `leave` ends the gateway so that it is started again."""

    def __init__(
        self, software: Software, identity: Identity, proof: Proof, own: str, leave: Callable[[], None]
    ) -> None:
        self._software = software
        self._kept = software.kept
        self._identity = identity
        self._proof = proof
        self._bench = proof.bench
        self._own = own
        self._leave = leave

    async def run(self, documents: Documents, fetch: Fetch, up: Up) -> None:
        """See a trial to its end, then take each newer release, until cancelled. Raises OSError, DeviceOffline."""
        await up()
        if given_up := self._kept.given_up:
            await self._refuse(given_up.version, given_up.release, given_up.why)
        if tried := self._software.on_trial:
            await self._prove(tried)
        async for token in documents.watch(SOFTWARE):
            listed = documents.listed(SOFTWARE)
            if listed is None or listed.sha256 != hashlib.sha256(token).hexdigest():
                continue  # a newer one is on its way
            if listed.version > self._kept.settled:
                await self._take(listed.version, token, documents, fetch)

    async def _prove(self, tried: Release) -> None:
        from gateway.installing import clear_away  # not at the head: it is needed once in months

        missing = await self._proof.missing(tried.devices)
        if not missing:
            await self._tell(SoftwareKept(version=tried.version, release=tried.release))
            await asyncio.to_thread(self._kept.keep)
            await asyncio.to_thread(clear_away, self._kept)
            log.warning("release %s is kept", tried.release)
            return
        await self._bench.undisturbed()  # a hearing may have begun meanwhile
        log.warning("release %s is given back: %s", tried.release, missing)
        await asyncio.to_thread(self._kept.give_up, missing[:_LONGEST_WHY])
        self._leave()

    async def _take(self, version: int, token: bytes, documents: Documents, fetch: Fetch) -> None:
        from gateway import installing  # as above

        release = ""
        try:
            claims = installing.believed(token, self._identity)
            release = claims.release
            if self._software.python is None:
                raise installing.NotInstalled("this gateway was not started by gateway.launch: nobody would go back")
            await installing.fetch_all(self._kept.folder, claims, fetch)
            await self._bench.undisturbed()
            if (listed := documents.listed(SOFTWARE)) is None or listed.version != version:
                return  # a newer one came meanwhile
            folder = await installing.install(self._kept, claims, self._software.python, self._own)
        except installing.NotInstalled as error:
            await asyncio.to_thread(installing.clear_away, self._kept)
            await self._refuse(version, release, str(error))
            return
        await self._bench.undisturbed()
        await self._tell(SoftwareTried(version=version, release=release))
        tried = Release(folder, version, release, tuple(sorted(self._bench.reached_names)))
        await asyncio.to_thread(self._kept.tries, tried)
        log.warning("release %s is tried; this one ends", release)
        self._leave()

    async def _tell(self, fact: Fact) -> None:
        await self._bench.record(GATEWAY, fact)

    async def _refuse(self, version: int, release: str, why: str) -> None:
        log.warning("release %s is refused: %s", release or version, why)
        await self._tell(SoftwareRefused(version=version, release=release, why=why[:_LONGEST_WHY]))
        await asyncio.to_thread(self._kept.refuse, version)
