"""The log as somebody at central looks at it: our own lines, for a while, on the live topic; it ends by itself."""

import logging
from collections.abc import Callable

from devices.box import GATEWAY
from devices.health import LOG, LogLine
from gateway.deadlines import Deadlines

TOGETHER_S = 0.25
"""Lines of so long go out as one message, or a flood of them would displace levels and captions."""
_OURS = ("gateway", "drivers")
"""Whose lines are shown: a library's may hold what was read, and that of MQTT would tell of its own telling."""
_AT_ONCE = 100
_LONGEST = 300

log = logging.getLogger(__name__)


class LiveLog(logging.Handler):
    """Hears every logger, from any thread, while it shows; `live` publishes what may be lost."""

    def __init__(self, deadlines: Deadlines, live: Callable[[str, str, bytes], None]) -> None:
        super().__init__()
        self._deadlines = deadlines
        self._live = live
        self._waiting: list[LogLine] = []
        self._left_out = 0

    def show(self, level: int, seconds: float) -> None:
        """Show what is logged from now on at that level or above, for so long."""
        self.setLevel(level)
        logging.getLogger().addHandler(self)
        self._deadlines.put("live log over", seconds, self._end)
        self._deadlines.put("live log", TOGETHER_S, self._tell)
        log.warning("the log is shown to central for %d s", seconds)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line until it is told; without its traceback, where values might stand."""
        if record.name.partition(".")[0] not in _OURS:
            return
        if len(self._waiting) >= _AT_ONCE:
            self._left_out += 1
            return
        why = f" ({record.exc_info[0].__name__})" if record.exc_info and record.exc_info[0] else ""
        text = f"{record.getMessage()}{why}"[:_LONGEST]
        self._waiting.append(LogLine(at=record.created, level=record.levelname, source=record.name[:80], text=text))

    async def _tell(self) -> None:
        self._deadlines.put("live log", TOGETHER_S, self._tell)
        self._publish()

    async def _end(self) -> None:
        log.warning("the log is not shown to central any more")
        logging.getLogger().removeHandler(self)
        self._deadlines.drop("live log")
        self._publish()

    def _publish(self) -> None:
        self.acquire()
        lines, left_out, self._left_out = [*self._waiting], self._left_out, 0
        self._waiting.clear()
        self.release()
        if left_out:
            text = f"{left_out} more lines were too many at once"
            lines.append(LogLine(at=lines[-1].at, level="WARNING", source=__name__, text=text))
        if lines:
            self._live(GATEWAY, LOG, "\n".join(line.model_dump_json() for line in lines).encode())
