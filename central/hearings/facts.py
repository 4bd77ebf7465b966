"""What central writes in its own book about hearings: references and hashes, never names or spoken words."""

from pydantic import AwareDatetime

from devices.messages import Fact


class HearingPlanned(Fact):
    """A hearing has its room and its time, for the first time or another."""

    hearing: str
    case: str
    gateway: str
    room: str
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    closed: bool = False


class HearingWithdrawn(Fact):
    """A planned hearing will not take place."""

    hearing: str


class FaultNoteSigned(Fact):
    """The presiding judge signed the note on a fault (法释〔2017〕5号第四条); `note` is the hash of its text's blob."""

    hearing: str
    fault: int
    """Number of the line that told the fault (`LedgerLine.id`)."""
    note: str
