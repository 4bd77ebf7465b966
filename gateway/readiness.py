"""What systemd is told (sd_notify(3)): ready, stopping, and that the work still turns. Without systemd, nothing."""

import asyncio
import os
import socket
from collections.abc import Mapping

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


def tell(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """One datagram to `$NOTIFY_SOCKET`; a leading @ is an abstract socket. A supervisor that is gone is no error."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
        try:
            to.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            return


def watchdog_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """Seconds within which systemd wants a sign of life of this process, None if it wants none."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        return int(environ["WATCHDOG_USEC"]) / 1_000_000 or None
    except (KeyError, ValueError):
        return None


async def stay_alive(environ: Mapping[str, str] = os.environ) -> None:
    """Give signs of life twice as often as wanted, from the loop that works: one that hangs gives none."""
    wanted = watchdog_s(environ)
    if wanted is None:
        await asyncio.Event().wait()
        return
    while True:
        tell(ALIVE, environ)
        await asyncio.sleep(wanted / 2)
