"""`verify`: needs no court, no database and no network."""

from pathlib import Path

from central.hearings.verify import prove
from central.ledger.verify import verify


def verdict(file: Path, root: str | None) -> tuple[str, bool]:
    """What is to be said of an export, and whether it holds; an unknown signer holds only if none was asked for."""
    report = verify(file, root, prove)
    holds = report.verdict == "OK" or (report.verdict != "not OK" and root is None)
    return str(report), holds
