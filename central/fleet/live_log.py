"""The logs of gateways as they come, for whoever asked to see one: the last lines in memory, nothing on disk."""

from collections import OrderedDict, deque
from collections.abc import AsyncIterator

from pydantic import ValidationError
from sse_starlette import ServerSentEvent

from central.live import Audience
from devices.health import LOG, LogLine

_BOXES, _LINES = 50, 300
"""So much is kept for a page that is opened a moment after the first lines came."""
_LONGEST = 200_000


class LiveLogs:
    """Fans out the log of each box; everything happens in the event loop."""

    def __init__(self) -> None:
        self._audience = Audience()
        self._last: OrderedDict[str, deque[str]] = OrderedDict()

    def heard(self, gateway: str, stream: str, payload: bytes) -> None:
        """A box said this; what is no lines of a log is passed over."""
        if stream != LOG or len(payload) > _LONGEST:
            return
        try:
            lines = [LogLine.model_validate_json(raw).model_dump_json() for raw in payload.splitlines()]
        except ValidationError:
            return
        self._last.setdefault(gateway, deque(maxlen=_LINES)).extend(lines)
        self._last.move_to_end(gateway)
        while len(self._last) > _BOXES:
            self._last.popitem(last=False)
        for line in lines:
            self._audience.hear(gateway, (LOG, line))

    async def of(self, gateway: str) -> AsyncIterator[ServerSentEvent]:
        """The last lines of that box, then each as it comes."""
        with self._audience.watching(gateway) as pieces:
            yield ServerSentEvent(event="live", data="open")
            for line in [*self._last.get(gateway, ())]:
                yield ServerSentEvent(event=LOG, data=line)
            async for stream, line in pieces:
                yield ServerSentEvent(event=stream, data=line)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._audience.close()
