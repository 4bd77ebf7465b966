"""What central writes in its own book about custody: references only, never names or case numbers."""

from devices.messages import Fact


class DepositAsked(Fact):
    """Somebody wants to put a volume into a cell of this cabinet; its barcode is to be scanned."""

    move: int
    volume: str
    cabinet: int


class BarcodeConfirmed(Fact):
    """The volume's own barcode was scanned; this cell is kept for it. The line's `cause` is the wish."""

    move: int
    volume: str
    cell: str


class HandOutAsked(Fact):
    """Somebody asked to take a volume out for a holder; the line's `cause` is the wish."""

    move: int
    volume: str
    cell: str
    holder: str


class VolumeMoved(Fact):
    """Custody of a volume changed; `proof` is the hash of the line that shows it, None for a person's word."""

    move: int
    volume: str
    kind: str
    from_state: str
    to_state: str
    cell: str | None = None
    holder: str | None = None
    evidence: str = "door"
    proof: str | None = None


class MoveEnded(Fact):
    """A move ended and custody stayed as it was."""

    move: int
    volume: str
    ended: str


class VolumeReserved(Fact):
    """A volume is kept for somebody."""

    volume: str
    holder: str


class ReservationReleased(Fact):
    """A volume is no longer kept for anybody."""

    volume: str


class VolumeOverdue(Fact):
    """A volume was not brought back in time."""

    volume: str
    holder: str


class VolumeExposed(Fact):
    """The cell of a volume was opened unasked; nobody answers for it until somebody looked. `proof`: that line."""

    volume: str
    cell: str
    proof: str


class VolumeMissing(Fact):
    """Somebody looked and the volume was not where it should be."""

    volume: str


class VolumeChecked(Fact):
    """Somebody looked and the volume is where it should be."""

    volume: str


class PermitIssued(Fact):
    """A permit for one opening; the line's `cause` is the permit."""

    volume: str
    cell: str
    holder: str
    bearer: bool
    expires: int


class PermitRevoked(Fact):
    """Central no longer stands by a permit; a gateway that was not told may still honour it."""

    volume: str


class CabinetSet(Fact):
    """A cabinet and its cells are so from now on."""

    cabinet: int
    cells: int


class CellBlocked(Fact):
    """A person put a cell out of use, or back into it."""

    cell: str
    blocked: bool
