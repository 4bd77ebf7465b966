"""The heartbeat: how this box is, read from the kernel and from what the gateway knows, told on the live topic."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from devices.box import GATEWAY
from devices.health import HEARTBEAT_S, STREAM, Heartbeat
from gateway.bench import Bench
from gateway.journal import Journal
from gateway.uplink import Uplink
from gateway.uptime import seconds_since_start

_LOOK_S = 1.0
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
_THERMAL = Path("/sys/class/thermal")
_WIRELESS = Path("/proc/net/wireless")


@dataclass
class Pulse:
    """What a heartbeat is read from; `uplink` is there once the link has begun."""

    journal: Journal
    bench: Bench
    data: Path
    uplink: Uplink | None = None

    def live(self, device: str, stream: str, payload: bytes) -> None:
        """Publish what may be lost."""
        if self.uplink:
            self.uplink.live(device, stream, payload)

    def beat(self) -> Heartbeat:
        """How things are now. Raises OSError if the data folder is gone."""
        disk = os.statvfs(self.data)
        counts = self.bench.counts().values()
        uplink, clock = self.uplink, self.journal.clock
        return Heartbeat(
            at=round(clock.now().timestamp(), 3),
            uptime_s=seconds_since_start(),
            queue=uplink.outbox.unacknowledged if uplink else 0,
            disk_free_mb=round(disk.f_bavail * disk.f_frsize / 2**20),
            disk_used=round(1 - disk.f_bavail / max(disk.f_blocks, 1), 4),
            memory_mb=round(_resident_mb(), 1),
            load=round(os.getloadavg()[0], 2),
            temperature_c=_temperature_c(),
            ack_ms=uplink.outbox.ack_ms if uplink else None,
            reconnects=uplink.reconnects if uplink else 0,
            signal_dbm=_signal_dbm(),
            clock_error_ms=None if clock.error_s is None else round(clock.error_s * 1000, 3),
            devices_gone=len(self.bench.devices.keys() - self.bench.reached_names),
            noise=sum(each.noise for each in counts),
            retries=sum(each.retries for each in counts),
        )


async def beating(pulse: Pulse, uplink: Uplink) -> None:
    """Tell a heartbeat as the link is made and every HEARTBEAT_S after, until cancelled."""
    since = HEARTBEAT_S
    while True:
        since += _LOOK_S
        if uplink.state == "offline":
            since = HEARTBEAT_S
        elif since >= HEARTBEAT_S:
            since = 0
            uplink.live(GATEWAY, STREAM, pulse.beat().model_dump_json(exclude_none=True).encode())
        await asyncio.sleep(_LOOK_S)


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_MB


def _temperature_c() -> float | None:
    """The hottest zone the kernel knows, None where it knows none."""
    found = []
    for zone in _THERMAL.glob("thermal_zone*/temp"):
        try:
            found.append(int(zone.read_text()) / 1000)
        except (OSError, ValueError):  # a zone that is off cannot be read
            continue
    return max(found, default=None)


def _signal_dbm() -> float | None:
    """Level of the first wireless interface (proc(5): fourth column), None without one."""
    try:
        rows = _WIRELESS.read_text().splitlines()[2:]
        return float(rows[0].split()[3].rstrip(".")) if rows else None
    except (OSError, ValueError, IndexError):
        return None
