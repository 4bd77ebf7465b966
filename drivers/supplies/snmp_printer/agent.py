"""A machine's SNMP agent over UDP, asked by pysnmp: single values and columns of a table."""

import asyncio
from collections.abc import Sequence
from typing import Any

from pyasn1.error import PyAsn1Error
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v1arch.asyncio import CommunityData, SnmpDispatcher, UdpTransportTarget, get_cmd, next_cmd
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from devices.errors import DeviceFault, DeviceOffline
from drivers.held import pause_until
from drivers.line import Counts

Value = int | bytes | None
"""None: the agent has nothing there."""
VERSION_2C = 1
_NOTHING = (EndOfMibView, NoSuchInstance, NoSuchObject)


class Agent:
    """The near side, a `Held`. Questions are only read, so each may be asked `tries` times."""

    def __init__(self, where: tuple[str, int], community: str, timeout_s: float, tries: int) -> None:
        self.counts = Counts()
        self._where = where
        self._community = CommunityData(community, mpModel=VERSION_2C)
        self._timing = {"timeout": timeout_s, "retries": tries - 1}
        self._dispatcher = SnmpDispatcher()
        self._turn = asyncio.Lock()
        self._closed = asyncio.Event()

    async def get(self, names: Sequence[str]) -> list[Value]:
        """The values of those names. Raises DeviceOffline, DeviceFault."""
        return [value for _, value in await self._ask(get_cmd, names)]

    async def column(self, name: str, most: int) -> dict[int, Value]:
        """The values below a name by their last number, at most so many. Raises DeviceOffline, DeviceFault."""
        found: dict[int, Value] = {}
        at = name
        while len(found) < most:
            [(following, value)] = await self._ask(next_cmd, [at])
            if value is None or not following.startswith(f"{name}.") or following == at:
                break
            at = following
            found[int(following.rpartition(".")[2])] = value
        return found

    async def pause(self, seconds: float) -> None:
        """Wait. Raises DeviceOffline once it was let go."""
        await pause_until(self._closed, seconds, self._name)

    async def close(self) -> None:
        """Let go; may be called twice."""
        if not self._closed.is_set():
            self._closed.set()
            self._dispatcher.close()
            await asyncio.sleep(0)  # its timer was cancelled and ends now

    @property
    def _name(self) -> str:
        return f"udp://{self._where[0]}:{self._where[1]}"

    async def _ask(self, command: Any, names: Sequence[str]) -> list[tuple[str, Value]]:
        if self._closed.is_set():
            raise DeviceOffline(f"{self._name} was closed")
        async with self._turn:
            try:
                target = await UdpTransportTarget.create(self._where, **self._timing)
                silent, status, _, bound = await command(
                    self._dispatcher, self._community, target, *((name, None) for name in names)
                )
            except (PySnmpError, PyAsn1Error, OSError) as error:
                self.counts.noise += 1
                raise DeviceOffline(f"{self._name} cannot be asked: {error}") from error
        if silent:
            self.counts.timeouts += 1
            raise DeviceOffline(f"{self._name} does not answer; is SNMP 2c on, and `community` right?")
        if int(status):
            raise DeviceFault(f"{self._name} refuses: {status.prettyPrint()}")
        return [(str(name), _plain(value)) for name, value in bound]


def _plain(value: Any) -> Value:
    if value is None or isinstance(value, _NOTHING):
        return None
    try:
        return int(value)
    except (TypeError, ValueError, PyAsn1Error):
        return bytes(value)
