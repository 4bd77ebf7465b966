"""What people are told who are called about an alarm: the same words as on the page of alarms, as plain text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup
from sqlalchemy.orm import Session

from central.alarms import Alarm
from central.fleet.service import find
from central.people.service import name_of
from central.web.look import Look


@dataclass(frozen=True)
class Messages:
    """Messages of one court, whose pages are at `url`."""

    look: Look
    url: str

    def about(self, session: Session, alarm: Alarm, language: str, now: datetime) -> tuple[str, str]:
        """Title and body: what is wrong and where, since when, what to do, and the address of its page."""
        minutes = (now - alarm.raised_at) // timedelta(minutes=1)
        return self._text(language, alarm=alarm, place=_place(session, alarm), minutes=minutes, since=alarm.raised_at)

    def of_end(self, session: Session, alarm: Alarm, since: datetime, language: str) -> tuple[str, str]:
        """Title and body: what was wrong and where, who cleared it or that it ended by itself, and after how long."""
        by = name_of(session, alarm.cleared_by) if alarm.cleared_by else ""
        return self._text(language, alarm=alarm, place=_place(session, alarm), since=since, by=by)

    def trial(self, language: str) -> tuple[str, str]:
        """Title and body of a message that only shows whether messages arrive."""
        return self._text(language, alarm=None)

    def _text(self, language: str, **context: object) -> tuple[str, str]:
        template = self.look.environments[language].get_template("fleet/message.txt")
        drawn = template.render(title=self.look.title, url=self.url, may=lambda _: False, **context)
        lines: Sequence[str] = [line for line in map(_plain, drawn.splitlines()) if line]
        return lines[0], "\n".join(lines[1:])


def _place(session: Session, alarm: Alarm) -> str:
    gateway = find(session, alarm.subject.split("#")[0].split("/")[0])
    return " ".join(part for part in (gateway.floor, gateway.room) if part) if gateway else ""


def _plain(line: str) -> str:
    return Markup(line).striptags()  # noqa: S704  (tags are taken away, and what was escaped is text again)
