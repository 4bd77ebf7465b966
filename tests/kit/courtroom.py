"""A courtroom of real processes: microphones without a card, a gateway with nobody above it, an agenda it was given."""

import asyncio
import hashlib
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from devices.agenda import Agenda
from devices.hearings import ButtonPressed
from devices.journal import Line, read_line
from devices.manifest import HearingManifest
from devices.messages import Fact, read_fact, wire_name
from gateway.clock import Clock
from gateway.identity import load
from gateway.inbox import DESIRED
from gateway.journal import Journal
from gateway.journal_store import read_only
from tests.kit.children import Running, running
from tests.kit.court import Court
from tests.kit.powercut import ForgetfulDisk

FILE = """\
gateway: courtroom-a
court: huishan
data: {data}
rtc_healthy: true
devices:
  table-a: {{driver: microphones/ffmpeg_input, port: "alsa:hw:CARD=table", channels: {channels}, rate: 16000}}
{recogniser}
stations:
  courtroom:
    room: court-3
    seats:
{seats}
    segment_s: {segment_s}
    quiet_s: {quiet_s}
{listens}
{pressed}
"""
BOARD = """\
  buttons-a: {driver: locks/modbus_relay, port: /dev/buttons, cells: 3, closed_bit: 0, poll_s: 0.1, gap_s: 0.01}"""
BUTTONS = """\
    buttons:
      red: {device: buttons-a, cell: 1, does: start}
      blue: {device: buttons-a, cell: 2, does: pause, reason: mediation}
      black: {device: buttons-a, cell: 3, does: stop}"""
SEATS = ("judge", "clerk", "plaintiff", "defendant", "witness", "expert", "agent", "interpreter")


@dataclass
class CourtroomSite:
    """One courtroom; its emulators run by themselves, so that they outlive its gateway."""

    folder: Path
    data: Path
    file: Path
    page: httpx.AsyncClient
    court: Court
    disk: ForgetfulDisk | None = None
    """What the gateway's data lies on, where the power may be cut."""
    started_at: list[datetime] = field(default_factory=list)
    stopped_at: list[datetime] = field(default_factory=list)
    """When the gateway was started, and killed."""

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[Running]:
        """The gateway, until the block ends."""
        ports = self.folder / "ports"
        command = ("gateway", "run", self.file, "--simulate", "--emulators", ports, "--log=json")
        self.started_at.append(datetime.now(UTC))
        async with running(*command, env=self.disk.environment if self.disk else None) as gateway:
            yield gateway

    async def kill(self, gateway: Running, *, cut: bool = False) -> None:
        """Kill it; `cut`: and the power goes, so that its disk has only what was fsynced."""
        await gateway.end(signal.SIGKILL)
        self.stopped_at.append(datetime.now(UTC))
        if cut and self.disk:
            self.disk.cut()

    async def say(self, channel: int, recording: str) -> None:
        """Let somebody speak."""
        await self.hand("say", channel=channel, recording=recording)

    async def hand(self, hand: str, device: str = "table-a", **arguments: Any) -> None:
        """Push a button of a device, by default the microphones."""
        answer = await self.page.post(f"/api/devices/{device}/hands/{hand}", json=arguments)
        answer.raise_for_status()

    async def press(self, cell: int) -> None:
        """Press a button of the clerk, and let it go when it was seen."""
        pressed = len(self.facts(ButtonPressed))
        await self.hand("force", "buttons-a", cell=cell)
        async with asyncio.timeout(30):
            while len(self.facts(ButtonPressed)) == pressed:  # noqa: ASYNC110  (it is seen in another process)
                await asyncio.sleep(0.05)
        await self.hand("shut", "buttons-a", cell=cell)

    @property
    def lines(self) -> list[Line]:
        """Every line of the gateway."""
        with closing(read_only(self.data / "journal.db")) as db:
            return [read_line(bytes(raw)) for (raw,) in db.execute("SELECT raw FROM line ORDER BY n")]

    def facts(self, kind: type[Fact]) -> list[Any]:
        """The facts of that kind."""
        return [read_fact(line.type, line.body) for line in self.lines if line.type == wire_name(kind)]

    def blob(self, sha256: str) -> bytes:
        """A blob that is kept, which has the hash it is named by."""
        content = (self.data / "blobs" / sha256).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        return content

    def manifest(self, sha256: str) -> HearingManifest:
        """A sealed hearing's manifest."""
        return HearingManifest.model_validate_json(self.blob(sha256))

    async def plan(self, agenda: Agenda) -> None:
        """Give it this agenda, as if central had; the gateway must not run."""
        document = agenda.model_dump_json().encode()
        folder = self.data / "documents"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "agenda").write_bytes(document)
        named = {"agenda": {"sha256": hashlib.sha256(document).hexdigest(), "version": 1}}
        identity = load(self.data)
        async with Journal(self.data / "journal.db", identity.gateway, identity.kid, Clock(rtc_healthy=True)) as book:
            await book.remember(DESIRED, json.dumps({"iat": 1, "documents": named}))


@asynccontextmanager
async def courtroom(
    folder: Path, *, segment_s: float = 60, quiet_s: float = 120, recogniser: bool = False, channels: int = 4,
    buttons: bool = False,     forgetful: Callable[[str], ForgetfulDisk] | None = None,
) -> AsyncIterator[CourtroomSite]:  # fmt: skip
    """A courtroom with its microphones on; its data lies on a disk of `forgetful`, if there is one."""
    court = Court(folder / "court")
    disk = forgetful("data") if forgetful else None
    data = disk.folder if disk else folder / "data"
    court.identity("courtroom-a", data, ("127.0.0.1", 9), "http://127.0.0.1:9")
    file = folder / "courtroom-a.yaml"
    device = "  ears-a: {driver: speech/vosk}" if recogniser else ""
    device += f"\n{BOARD}" if buttons else ""
    listens = "    recogniser: ears-a" if recogniser else ""
    lengths = {"segment_s": segment_s, "quiet_s": quiet_s}
    at = [f"      {seat}: {{device: table-a, channel: {n}}}" for n, seat in enumerate(SEATS[:channels], 1)]
    table = {"channels": channels, "seats": "\n".join(at), "pressed": BUTTONS if buttons else ""}
    file.write_text(FILE.format(data=data, recogniser=device, listens=listens, **lengths, **table))
    async with (
        running("gateway.simulate", file, folder / "ports") as emulators,
        httpx.AsyncClient(base_url=emulators.told["page"]) as page,
    ):
        try:
            yield CourtroomSite(folder, data, file, page, court, disk)
        finally:
            await emulators.end()
