"""Times as people read them: 24 hours, the court's zone, ages in words with the exact time beside."""

from datetime import UTC, datetime, timedelta, tzinfo

from babel.dates import format_timedelta

_LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}


def aware(at: datetime) -> datetime:
    """The time with a zone: what SQLite gives back without one is UTC."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def exact(at: datetime, zone: tzinfo) -> str:
    """Date and time to the second with the offset of the court's zone."""
    local = aware(at).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {local:%z}"


def clock(at: datetime, now: datetime, zone: tzinfo) -> str:
    """Hour and minute; with the date when it is not today."""
    local = aware(at).astimezone(zone)
    today = now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def ago(at: datetime, now: datetime, language: str) -> str:
    """How long ago, or in how long, in words."""
    return format_timedelta(aware(at) - now, add_direction=True, threshold=1.2, locale=_LOCALES[language])


def span(seconds: float, language: str) -> str:
    """A duration in words."""
    return format_timedelta(timedelta(seconds=seconds), threshold=1.2, locale=_LOCALES[language])
