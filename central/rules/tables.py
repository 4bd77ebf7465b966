"""What a court has changed of its rules: rows are added, never altered; the last one of a rule counts."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.store import Base, BigId


class RuleChange(Base):
    """A rule was changed, or put back: what is None stands as it is declared."""

    __tablename__ = "rule_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(40), index=True)
    value: Mapped[int | None]
    text: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    checked: Mapped[bool]
    """The court has compared it with the published text."""
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    line: Mapped[int] = mapped_column(BigId)
    """The line that says so (`LedgerLine.id`)."""

    @property
    def is_default(self) -> bool:
        """True if it put the rule back."""
        return (self.value, self.text, self.source, self.checked) == (None, None, None, False)
