"""What the REST API of custody takes and tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from central.cases.api import VolumeOut
from central.cases.tables import Volume
from central.custody.chain import Link
from central.custody.door import STATE_NAMES
from central.custody.flow import Possible
from central.custody.tables import Cabinet, Cell, Custody, Move, Permit
from central.rules.service import InForce
from central.web.rest import In, Out
from central.web.words import Words

VOLUME = Field(description="A volume's barcode, or its `ref`.", examples=["HS-0001"])
HOLDER = Field(description="`person:3` or `party:7`.", examples=["person:3"])


class CellOut(Out):
    """A cell as it is now."""

    id: int
    number: int
    label: str
    size: str
    state: str = Field(description="free, occupied, reserved, blocked")
    door: str = Field(description="open, shut, unknown")
    volume: int | None


class CabinetOut(Out):
    """A locker."""

    id: int
    name: str
    place: str
    gateway: str
    reader: str | None
    printer: str | None
    cells: list[CellOut]


class MoveOut(Out):
    """One attempt to change custody, and how far it came."""

    id: int
    volume: int = Field(description="`id` of a volume: `volume:7` stands wherever a barcode may.")
    kind: str = Field(description="deposit, return, hand_out, or what was done at a desk: take_back, bind, archive.")
    state: str = Field(description=f"Under way, done (COMMITTED), or how it failed: {', '.join(STATE_NAMES)}.")
    state_name: str
    message: str | None = Field(description="The last word to the person, in their language.")
    cabinet: str | None
    cell: str | None
    person: str
    holder: str | None
    due: datetime | None
    wish: str | None
    permit: str | None
    evidence: str = Field(description="door, door_found (after a power cut), person")
    begun_at: datetime
    opened_at: datetime | None
    shut_at: datetime | None
    ended_at: datetime | None
    receipt: str | None = Field(description="SHA-256 of the receipt.")
    receipt_wish: str | None


class ProofOut(Out):
    """The ledger line that proves a step."""

    step: str
    line: int
    gateway: str
    book: str
    seq: int
    hash: str
    at: datetime
    type: str


class LinkOut(Out):
    """A move with its proof."""

    move: MoveOut
    proof: list[ProofOut]


class PossibleOut(Out):
    """A step from here: free to take, or why not."""

    event: str
    to: str | None
    allowed: bool
    why_not: list[str]
    basis: str
    basis_mark: Literal["V", "M", "D"] = Field(description="V confirmed, M from memory and to be checked, D ours.")


@dataclass(frozen=True)
class Shown:
    """To whom a standing is told: in which words, and by which rules."""

    words: Words
    rules: Mapping[str, InForce]


class StandingOut(Out):
    """Where a volume is and what may happen to it."""

    volume: VolumeOut
    case: int
    state: str
    sides: list[str]
    cell: str | None
    holder: str | None
    reserved_for: str | None
    due: datetime | None
    since: datetime
    possible: list[PossibleOut]


class DepositIn(In):
    """A deposit; `scanned` says that the barcode was read at the locker just now."""

    volume: str = VOLUME
    cabinet: str = Field(description="The locker's name.")
    scanned: bool = False


class ScanIn(In):
    """What the reader read."""

    code: str


class HandOutIn(In):
    """A hand-out at the locker."""

    volume: str = VOLUME
    holder: str | None = Field(default=None, description="`person:3` or `party:7`; left out: oneself.")
    due: AwareDatetime | None = None


class ReserveIn(In):
    """A reservation."""

    volume: str = VOLUME
    holder: str = HOLDER
    due: AwareDatetime


class DeskIn(In):
    """A step at a desk."""

    volume: str = VOLUME
    event: Literal["take_back", "bind", "archive"]


class CheckIn(In):
    """Somebody looked into the cell."""

    volume: str = VOLUME
    found: bool
    reason: str


class PermitIn(In):
    """A permit to be issued."""

    volume: str = VOLUME
    holder: str = HOLDER
    minutes: int = Field(default=240, ge=1)
    bearer: bool = Field(default=False, description="Opens without PIN: whoever holds it.")
    due: AwareDatetime | None = None


class PermitOut(Out):
    """A permit without what opens the cell."""

    id: str
    volume: int
    cell: str
    holder: str
    bearer: bool
    state: str = Field(description="LIVE, USED, REVOKED, EXPIRED")
    issued_at: datetime
    expires_at: datetime
    refused: int


class NewPermit(PermitOut):
    """A permit just issued: token, PIN and drawing are shown this once."""

    token: str
    pin: str | None
    svg: str


class Revoked(Out):
    """What the person who revokes must know."""

    message: str


class BlockIn(In):
    """Whether a cell is out of use."""

    blocked: bool


class CaseStepIn(In):
    """The state a case is to reach."""

    to: str


def cabinet_out(cabinet: Cabinet) -> CabinetOut:
    """A locker with its cells."""
    return CabinetOut.of(cabinet, cells=[cell_out(cell) for cell in cabinet.cells])


def cell_out(cell: Cell) -> CellOut:
    """A cell."""
    return CellOut.of(cell, volume=cell.volume_id)


def move_out(move: Move, state_name: str, words: Words) -> MoveOut:
    """A move in the reader's language."""
    return MoveOut.of(
        move,
        volume=move.volume_id,
        state_name=words.say(state_name),
        message=words.tell(move.message) if move.message else None,
        cabinet=move.cabinet.name if move.cabinet else None,
        cell=move.cell.label if move.cell else None,
    )


def link_out(link: Link, state_name: str, words: Words) -> LinkOut:
    """A move with its proof."""
    proof = [ProofOut.of(proof, step=step) for step, proof in link.steps]
    return LinkOut(move=move_out(link.move, state_name, words), proof=proof)


def standing_out(
    volume: Volume, custody: Custody, cell: Cell | None, steps: list[Possible], shown: Shown
) -> StandingOut:
    """Where a volume is and what may happen to it."""
    return StandingOut.of(
        custody,
        volume=volume,
        case=volume.case_id,
        sides=sorted(custody.sides),
        cell=cell.label if cell else None,
        possible=[_possible_out(step, shown) for step in steps],
    )


def permit_out(permit: Permit) -> PermitOut:
    """A permit."""
    return PermitOut.of(permit, id=permit.jti, volume=permit.volume_id, cell=permit.cell.label)


def _possible_out(step: Possible, shown: Shown) -> PossibleOut:
    basis = shown.rules[step.basis.key]
    return PossibleOut.of(
        step,
        why_not=[shown.words.tell(said) for said in step.why_not],
        basis=shown.words.tell(basis.said),
        basis_mark=basis.mark,
    )
