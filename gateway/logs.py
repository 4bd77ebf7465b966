"""The log, on standard error: text for people, JSON for collectors. No names and no codes that were read."""

import json
import logging
from datetime import UTC, datetime
from typing import Literal

Form = Literal["text", "json"]


class _Json(logging.Formatter):
    """One object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def set_up(form: Form) -> None:
    """Log from here on in that form."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if form == "json" else logging.Formatter("%(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
