"""A wish from its token to the device: nothing that is not proven, in time and new reaches the wire (rules 10, 11)."""

import logging
from collections.abc import Mapping
from typing import Any

from devices.box import GATEWAY, ForgedWishes, Refusal, WishRefused
from devices.claims import WishClaims
from devices.errors import DeviceBusy, DeviceError, DeviceFault, DeviceOffline, WishRejected
from devices.grants import BadToken, in_time, read, unproven
from devices.messages import UnreadableMessage, Wish, read_wish
from gateway.bench import Bench
from gateway.deadlines import Deadlines
from gateway.identity import Identity
from gateway.journal import Journal, Repeated
from gateway.journal_writer import JournalFull

log = logging.getLogger(__name__)

MINUTE_S = 60.0
"""Forgeries become one counted line in this time; the same refusal of one wish stands in the journal once in it."""
_LONGEST_ID = 40
_LONGEST_DETAIL = 300

_WHY: dict[type[DeviceError], Refusal] = {
    DeviceOffline: "device_offline",
    DeviceBusy: "device_busy",
    DeviceFault: "device_fault",
    WishRejected: "rejected",
}


class Refused(Exception):
    """The wish is not obeyed; `why` is what its refusal says."""

    def __init__(self, why: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.why = why


def why_of(error: DeviceError) -> Refusal:
    """How a refusal calls that error of a device."""
    return next((why for kind, why in _WHY.items() if isinstance(error, kind)), "device_fault")


class Wishes:
    """Takes wishes as they come from the broker, and sees each to its end."""

    def __init__(self, identity: Identity, journal: Journal, bench: Bench, deadlines: Deadlines) -> None:
        self._identity = identity
        self._journal = journal
        self._bench = bench
        self._deadlines = deadlines
        self._forged = 0
        self._minute_runs = False
        self._said: set[tuple[str, Refusal]] = set()

    async def heard(self, token: str, retained: bool) -> None:
        """Obey or refuse one wish; returns when its end is on disk. Raises JournalClosed."""
        us = self._identity
        try:
            signed = read("wish", token, us.central_keys, us.court, us.gateway)
        except BadToken as bad:
            await self._not_believed(token, bad)
            return
        device, jti = str(signed.get("device")), str(signed.get("jti"))[:_LONGEST_ID]
        try:
            await self._obey(signed, retained)
        except Repeated:
            await self._refuse(device, jti, Refused("repeated", "an id is good for once"))
        except Refused as refused:
            await self._refuse(device, jti, refused)
        except JournalFull:
            log.error("the disk is full: wish %s cannot be kept and is not obeyed", jti)

    async def _obey(self, signed: Mapping[str, Any], retained: bool) -> None:
        claims, wish = self._checked(signed, retained)
        log.debug("wish %s for %s: %s", claims.jti, claims.device, claims.type)
        await self._journal.take_wish(claims)
        try:
            await self._bench.obey(claims.device, claims.jti, wish)
        except DeviceError as error:
            await self._refuse(claims.device, claims.jti, Refused(why_of(error), str(error)))
        await self._journal.settle(claims.jti)

    def _checked(self, signed: Mapping[str, Any], retained: bool) -> tuple[WishClaims, Wish]:
        if retained:
            raise Refused("retained", "no broker may keep a wish")
        if not self._journal.clock.trusted:
            raise Refused("clock_not_trusted", "whether it has expired cannot be told")
        try:
            in_time(signed, self._journal.clock.now())
            claims: WishClaims = WishClaims.of(signed)
            wish = read_wish(claims.type, claims.body)
        except BadToken as bad:
            raise Refused(bad.why, str(bad)) from bad
        except UnreadableMessage as error:
            raise Refused("unreadable", str(error)) from error
        if not self._bench.knows(claims.device):
            raise Refused("unknown_device", f"no {claims.device} is configured")
        return claims, wish

    async def _not_believed(self, token: str, bad: BadToken) -> None:
        if bad.why == "not_for_us":  # its signature is good, so its id is true
            await self._refuse(GATEWAY, str(unproven(token).get("jti"))[:_LONGEST_ID], Refused(bad.why, str(bad)))
            return
        log.warning("a wish with no valid signature: %s", bad)
        self._forged += 1
        if not self._minute_runs:
            await self._tell_forged()

    async def _tell_forged(self) -> None:
        self._minute_runs = self._forged > 0
        if not self._forged:
            return
        count, self._forged = self._forged, 0
        self._deadlines.put("forged wishes", MINUTE_S, self._tell_forged)
        await self._bench.record(GATEWAY, ForgedWishes(count=count))

    async def _refuse(self, device: str, jti: str, refused: Refused) -> None:
        said = (jti, refused.why)
        if said in self._said:
            return
        self._said.add(said)
        self._deadlines.put(("refusal", *said), MINUTE_S, lambda: self._forget(said))
        log.warning("wish %s for %s is refused, %s: %s", jti, device, refused.why, refused)
        where = device if self._bench.knows(device) else GATEWAY
        await self._bench.record(where, WishRefused(why=refused.why, detail=str(refused)[:_LONGEST_DETAIL]), jti)

    async def _forget(self, said: tuple[str, Refusal]) -> None:
        self._said.discard(said)
