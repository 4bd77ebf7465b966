"""What systemd hears of a gateway."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.readiness import ALIVE, READY, stay_alive, tell, watchdog_s


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(30)
        yield listening


def test_ready_is_one_datagram(systemd: socket.socket) -> None:
    tell(READY, {"NOTIFY_SOCKET": str(systemd.getsockname())})
    assert systemd.recv(100) == b"READY=1"


def test_a_leading_at_sign_is_an_abstract_socket() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0courtside-test-{os.getpid()}")
        listening.settimeout(30)
        tell(READY, {"NOTIFY_SOCKET": f"@courtside-test-{os.getpid()}"})
        assert listening.recv(100) == b"READY=1"


def test_without_a_supervisor_nothing_is_told(tmp_path: Path) -> None:
    tell(READY, {})
    tell(READY, {"NOTIFY_SOCKET": str(tmp_path / "nobody")})


def test_only_the_process_that_is_watched_gives_signs_of_life() -> None:
    assert watchdog_s({"WATCHDOG_USEC": "30000000"}) == 30.0
    assert watchdog_s({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}) == 30.0
    assert watchdog_s({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}) is None
    for wrong in ({}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "0"}):
        assert watchdog_s(wrong) is None


async def test_signs_of_life_come_again_and_again(systemd: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": str(systemd.getsockname()), "WATCHDOG_USEC": "20000"}
    living = asyncio.ensure_future(stay_alive(environ))
    for _ in range(3):
        assert await asyncio.to_thread(systemd.recv, 100) == ALIVE.encode()
    living.cancel()
    await asyncio.wait({living})


def test_the_unit_waits_for_ready_and_watches() -> None:
    unit = (Path(__file__).parents[2] / "firmware_configs/systemd/courtside-gateway@.service").read_text()
    assert "Type=notify\n" in unit
    assert "WatchdogSec=" in unit
