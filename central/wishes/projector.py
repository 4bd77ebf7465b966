"""What gateways say of wishes, and the facts that answer them."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from central.ledger.projection import LineView
from central.store import tell
from central.wishes.service import end, topic
from central.wishes.tables import WishRow
from devices.box import WishInterrupted, WishRefused, WishTaken
from devices.journal import Line
from devices.locks import OpenNotDetected
from devices.messages import Fact


class WishProjector:
    """Carries each wish on as the lines that name it arrive."""

    def __init__(self) -> None:
        self.types = frozenset(Fact.registry)
        """Every fact: any may answer some wish."""

    def concerns(self, session: Session, gateway: str, lines: Sequence[Line]) -> Sequence[Line]:
        """Those that name a wish or permit; most name none."""
        return [line for line in lines if line.cause is not None]

    def project(self, session: Session, line: LineView) -> None:
        """Take in one line; a line that names no wish of that gateway changes nothing."""
        row = session.get(WishRow, line.cause, with_for_update=True) if line.cause else None
        if row is None or row.gateway != line.gateway or row.state == "answered":
            return
        match line.fact:
            case WishTaken():
                row.taken_at, row.taken_line = line.at, line.id
                if row.waiting:
                    row.state = "taken"
                tell(session, topic(row.jti), row.reason)
            case WishRefused(why="repeated") if row.taken_at is not None:
                return  # a second copy met the first, which runs
            case WishRefused() as fact:
                row.why, row.detail = fact.why, fact.detail[:400]
                end(session, row, "refused", line.at, line.id)
            case OpenNotDetected():
                row.why = "open_not_detected"
                end(session, row, "refused", line.at, line.id)
            case WishInterrupted():
                end(session, row, "interrupted", line.at, line.id)
            case fact if line.device == row.device and row.wish.answered_by(fact):
                end(session, row, "answered", line.at, line.id)
