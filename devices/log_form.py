"""The log of a program, on standard error: text for people, JSON for collectors. Never a name or a code."""

import json
import logging
from datetime import UTC, datetime
from typing import Literal

LogForm = Literal["text", "json"]


class _JsonLines(logging.Formatter):
    """One JSON object a record: `at`, `level`, `from`, `text`, and `traceback` if there is one."""

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


def set_up(form: LogForm) -> None:
    """Log on standard error from here on in that form."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines() if form == "json" else logging.Formatter("%(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
