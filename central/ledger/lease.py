"""Which of several centrals on one database takes in facts (ledger rule 14). It saves work; correctness needs none."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import String, delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from central.clock import Clock, utc_now
from central.store import Base, Store

LIFE = timedelta(seconds=15)
_RENEW_S = 5.0


class LeaseRow(Base):
    """Who holds a lease, and until when."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]


class Lease:
    """One holder's try at one lease. The holder's name is the same after a restart, so it never waits for itself."""

    def __init__(
        self,
        store: Store,
        name: str,
        holder: str,
        clock: Clock = utc_now,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._name = name
        self._holder = holder
        self._clock = clock
        self._mono = mono
        self._held = False
        self._looked: float | None = None

    def hold(self) -> bool:
        """True if the lease is ours now; asks the database at most every few seconds."""
        if self._looked is None or self._mono() - self._looked >= _RENEW_S:
            self._held = self._ask()
            self._looked = self._mono()
        return self._held

    def release(self) -> None:
        """Give it up, so that another need not wait."""
        if self._held:
            with self._store.write() as session:
                session.execute(delete(LeaseRow).where(LeaseRow.name == self._name, LeaseRow.holder == self._holder))
        self._held, self._looked = False, None

    def _ask(self) -> bool:
        now = self._clock()
        try:
            with self._store.write() as session:
                row = session.get(LeaseRow, self._name, with_for_update=True)
                if row is None:
                    session.add(LeaseRow(name=self._name, holder=self._holder, until=now + LIFE))
                    return True
                if row.holder != self._holder and row.until > now:
                    return False
                row.holder, row.until = self._holder, now + LIFE
                return True
        except IntegrityError:  # another asked at the same moment and was first
            return False
