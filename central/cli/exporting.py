"""`export`: which days, or which hearing, and whose signatures stand under them."""

from datetime import date, datetime
from pathlib import Path

import click

from central.fleet.signatory import signatory
from central.hearings import export as hearings
from central.ledger.export import Span, export
from central.running import Court


def export_days(court: Court, day: datetime | None, first: datetime | None, last: datetime | None, file: Path) -> int:
    """Write the ledger of those days into `file`, complete or not at all; gives how many lines. Raises UsageError."""
    begin, end = _days(day, first, last, court.clock().astimezone(court.settings.zone).date())
    draft = file.with_name(f"{file.name}.part")
    manifest = export(
        court.store,
        signatory(court.store, court.authority, court.pen),
        Span.of_days(begin, end, court.settings.zone),
        draft,
    )
    draft.replace(file)
    return sum(int(book["lines"]) for book in manifest["books"])


def export_hearing(court: Court, ref: str, file: Path) -> int:
    """Write a sealed hearing into `file`, complete or not at all; gives how many lines. Raises Refused, OSError."""
    draft = file.with_name(f"{file.name}.part")
    signer = signatory(court.store, court.authority, court.pen)
    try:
        manifest = hearings.export(court.store, court.blobs, signer, ref, draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return sum(int(book["lines"]) for book in manifest["books"])


def _days(day: datetime | None, first: datetime | None, last: datetime | None, today: date) -> tuple[date, date]:
    if (day is None) == (first is None) or (day is not None and last is not None):
        raise click.UsageError("give --day, or --from and perhaps --to")
    begin = day or first
    end = day or last
    days = begin.date() if begin else today, end.date() if end else today
    if days[1] < days[0]:
        raise click.UsageError(f"{days[1]} lies before {days[0]}")
    return days
