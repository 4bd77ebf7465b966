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


class TranscriptCorrected(Fact):
    """Somebody says what was really said; `text` is the hash of the correction. What was heard stays."""

    hearing: str
    utterance: int
    text: str


class TranscriptRead(Fact):
    """Somebody read the transcript."""

    hearing: str


class HearingListened(Fact):
    """Somebody listened; `part` names segment and seat, `3 plaintiff`."""

    hearing: str
    part: str


class HearingCopied(Fact):
    """Somebody took a copy; `form` says in which form."""

    hearing: str
    form: str


class HearingProven(Fact):
    """Central read every blob of a sealed hearing; `signature` is its token of type `hearing`, empty if `flaws` > 0."""

    hearing: str
    manifest: str
    flaws: int
    signature: str = ""


class MinutesDrawnUp(Fact):
    """A text of the minutes (法庭笔录) to be read back and signed; `text` is the hash of its blob."""

    hearing: str
    number: int
    text: str


class MinutesReadBack(Fact):
    """It was read to those who took part, or by them."""

    hearing: str
    number: int
    text: str
    how: str


class MinutesObjected(Fact):
    """Somebody who took part asks for a correction; `says` is the hash of what."""

    hearing: str
    number: int
    key: str
    says: str


class ObjectionDecided(Fact):
    """The correction is made, or the refusal recorded (法释〔2017〕5号第七条); `reason` is the hash of why."""

    hearing: str
    number: int
    objection: int
    """Number of the line that told the objection."""
    granted: bool
    reason: str


class MinutesSigned(Fact):
    """Somebody signed the text with that hash; `drawn` is the hash of the signature."""

    hearing: str
    number: int
    text: str
    key: str
    drawn: str


class MinutesCertified(Fact):
    """Somebody signed the text with that hash by their own certificate; `signature` is the hash of the CMS file."""

    hearing: str
    number: int
    text: str
    key: str
    signature: str
    authorities: str
    """Hash of the certificates (PEM) the court trusted then."""


class SigningDeclined(Fact):
    """Somebody would not sign the text with that hash; `reason` is the hash of what was noted."""

    hearing: str
    number: int
    text: str
    key: str
    reason: str


class KeepingSet(Fact):
    """How long the recording is kept: a class of `keeping.NAMES`."""

    hearing: str
    rule: str


class HearingHeld(Fact):
    """Nothing of the recording may go, whatever its class; `why` is the hash of the reason, empty if that is lifted."""

    hearing: str
    why: str


class DisposalProposed(Fact):
    """Somebody proposes that sound and words go; `reason` is the hash of why."""

    hearing: str
    reason: str


class DisposalApproved(Fact):
    """Another person agrees: sound and words of the hearing sealed in `manifest` go now."""

    hearing: str
    manifest: str
    rule: str
    years: int | None = None
    """So long such recordings were kept then."""
    reason: str
    proposed_by: str
