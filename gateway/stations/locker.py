"""A dossier locker with the network down: permits shown at its reader, PINs typed at its display, doors left open."""

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from devices.box import GATEWAY, PermitRefused, Refusal
from devices.claims import PermitClaims
from devices.errors import DeviceError, WishRejected
from devices.grants import BadToken, in_time, pin_fits, read, unproven
from devices.locks import DoorChanged, DoorLeftOpen, LockBank, OpenCell
from devices.messages import Fact
from devices.printers import ReceiptPrinter
from devices.readers import CodeRead
from gateway.bench import Bench
from gateway.config import LockerSettings
from gateway.deadlines import Deadlines
from gateway.identity import Identity
from gateway.journal import Journal, LockedOut, Repeated
from gateway.journal_writer import JournalFull
from gateway.stations.panel import OpenDoor, Panel, Typed, View
from gateway.stations.slip import permit_slip
from gateway.supervise import Up
from gateway.wishes import Refused, why_of

log = logging.getLogger(__name__)

PIN_WITHIN_S = 60.0
REFUSAL_SHOWN_S = 10.0
SLIPS_WAITING = 8
_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""A JSON object and two more parts in base64url: a code that holds this is a permit, whatever the reader puts before
or behind it, and is never journaled."""


class Locker:
    """One locker: a Station of the bench, and what its panel shows and asks."""

    def __init__(
        self, settings: LockerSettings, identity: Identity, journal: Journal, bench: Bench, deadlines: Deadlines
    ) -> None:
        self.panel = Panel(View(), self._typed)
        self._settings = settings
        self._identity = identity
        self._journal = journal
        self._bench = bench
        self._deadlines = deadlines
        self._awaits_pin: PermitClaims | None = None
        self._doors: dict[tuple[str, int], OpenDoor] = {}
        self._slips: asyncio.Queue[PermitClaims] = asyncio.Queue(SLIPS_WAITING)

    async def takes(self, device: str, fact: Fact) -> bool:
        """A code at our reader that is a permit is ours."""
        if device != self._settings.reader or not isinstance(fact, CodeRead):
            return False
        token = _TOKEN.search(fact.code)
        if token is not None:
            await self._shown(token[0])
        return token is not None

    def heard(self, device: str, fact: Fact) -> None:
        """A door that opens is timed until it is shut."""
        if device not in self._settings.locks or not isinstance(fact, DoorChanged):
            return
        door = (device, fact.cell)
        if fact.door == "open" and door not in self._doors:
            self._doors[door] = OpenDoor(bank=device, cell=fact.cell)
            self._deadlines.put(("left open", *door), self._settings.left_open_s, lambda: self._left_open(door))
        elif fact.door != "open" and door in self._doors:
            del self._doors[door]
            self._deadlines.drop(("left open", *door))
        self._draw()

    async def print_slips(self, up: Up) -> None:
        """Print a slip for each permit that opened a cell, as they come."""
        await up()
        while True:
            claims = await self._slips.get()
            name = self._settings.printer or ""
            try:
                printer = cast(ReceiptPrinter, self._bench.reached(name))
                printed = await printer.print(permit_slip(claims, self._journal.clock.now()))
                await self._bench.record(name, printed, claims.jti)
            except DeviceError as error:
                log.warning("no slip for permit %s: %s", claims.jti, error)

    async def _shown(self, code: str) -> None:
        try:
            claims = self._verified(code)
            if claims.pin is None:
                await self._use(claims)
            else:
                await self._ask_pin(claims)
        except Refused as refused:
            await self._refuse(refused, unproven(code).get("jti"))

    def _verified(self, code: str) -> PermitClaims:
        us = self._identity
        try:
            claims: PermitClaims = PermitClaims.of(read("permit", code, us.central_keys, us.court, us.gateway))
        except BadToken as bad:
            raise Refused(bad.why, str(bad)) from bad
        self._must_be_in_time(claims)
        if claims.device not in self._settings.locks:
            raise Refused("unknown_device", f"{claims.at} is no cell of this locker")
        return claims

    def _must_be_in_time(self, claims: PermitClaims) -> None:
        if not self._journal.clock.trusted:
            raise Refused("clock_not_trusted", "whether it has expired cannot be told")
        try:
            in_time(claims.write(), self._journal.clock.now())
        except BadToken as bad:
            raise Refused(bad.why, str(bad)) from bad

    async def _ask_pin(self, claims: PermitClaims) -> None:
        if self._settings.screen_port is None:
            raise Refused("rejected", "it needs a PIN, and this locker has no display to type it")
        with _declined():
            await self._journal.expect_permit(claims)
        self._awaits_pin = claims
        self._deadlines.put("pin", PIN_WITHIN_S, self._go_back)
        self._draw(state="pin", cell=claims.cell, seconds=PIN_WITHIN_S)

    async def _typed(self, typed: Typed) -> None:
        claims = self._awaits_pin
        if typed.pin is None or claims is None or claims.pin is None:
            await self._go_back()
            return
        if not pin_fits(self._identity.permit_secret, claims.jti, typed.pin, claims.pin):
            left = await self._journal.wrong_pin(claims)
            if left:
                self._deadlines.put("pin", PIN_WITHIN_S, self._go_back)
                self._draw(state="pin", cell=claims.cell, tries=left, seconds=PIN_WITHIN_S)
            else:
                self._show_refusal("locked_out")
            return
        self._awaits_pin = None
        try:
            await self._use(claims)
        except Refused as refused:
            await self._refuse(refused, claims.jti)

    async def _use(self, claims: PermitClaims) -> None:
        """Open the cell, the permit's id being on disk before the first byte leaves. Raises Refused."""
        self._must_be_in_time(claims)  # typing a PIN takes its time
        try:
            bank = cast(LockBank, self._bench.reached(claims.device))
            if claims.cell not in bank.cells:
                raise WishRejected(f"no cell {claims.cell}")
            with _declined():
                await self._journal.use_permit(claims)
        except DeviceError as error:
            raise Refused(why_of(error), str(error)) from error
        try:
            await self._bench.obey(claims.device, claims.jti, OpenCell(cell=claims.cell))
        except DeviceError as error:
            raise Refused(why_of(error), str(error)) from error
        finally:
            await self._journal.settle(claims.jti)
        await self._go_back()
        if self._settings.printer and not self._slips.full():
            self._slips.put_nowait(claims)

    async def _refuse(self, refused: Refused, jti: object) -> None:
        """Journal and show it. The id of a token nobody signed is not repeated: it could be anything."""
        known = jti if isinstance(jti, str) and refused.why not in ("forged", "unreadable") else None
        log.warning("permit %s is refused, %s: %s", known, refused.why, refused)
        self._show_refusal(refused.why)
        await self._bench.record(GATEWAY, PermitRefused(why=refused.why, jti=known))

    def _show_refusal(self, why: Refusal) -> None:
        self._awaits_pin = None
        self._deadlines.put("pin", REFUSAL_SHOWN_S, self._go_back)
        self._draw(state="refused", why=why, seconds=REFUSAL_SHOWN_S)

    async def _go_back(self) -> None:
        self._awaits_pin = None
        self._deadlines.drop("pin")
        self._draw(state="idle")

    async def _left_open(self, door: tuple[str, int]) -> None:
        device, cell = door
        self._doors[door] = OpenDoor(bank=device, cell=cell, late=True)
        self._draw()
        fact = DoorLeftOpen(cell=cell, seconds=round(self._settings.left_open_s))
        await self._bench.record(device, fact, self._bench.behind(device, f"cell-{cell}"))

    def _draw(self, **changes: Any) -> None:
        """Show the doors as they are, and in the middle what is given; nothing given leaves the middle as it is."""
        doors = tuple(self._doors.values())
        self.panel.show(
            View(doors=doors, **changes) if changes else self.panel.view.model_copy(update={"doors": doors})
        )


@contextmanager
def _declined() -> Iterator[None]:
    """What the journal declines, as the person before the display is told it. Raises Refused."""
    try:
        yield
    except Repeated as error:
        raise Refused("repeated", "it opened its cell before") from error
    except LockedOut as error:
        raise Refused("locked_out", "too many wrong PINs") from error
    except JournalFull as error:
        raise Refused("device_busy", "the disk is full") from error
