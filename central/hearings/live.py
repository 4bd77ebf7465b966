"""What courtrooms say live, handed on to whoever watches: levels of the seats, and words as they come. Kept nowhere."""

from collections.abc import AsyncIterator

from pydantic import ValidationError
from sse_starlette import ServerSentEvent

from central.live import Audience
from devices.hearings import CAPTIONS, LEVELS, Caption, Levels


class LiveRooms:
    """Fans out the live topics of courtrooms; everything happens in the event loop."""

    def __init__(self) -> None:
        self.audience = Audience()

    def heard(self, gateway: str, stream: str, payload: bytes) -> None:
        """A courtroom said this; what is no caption and no levels is passed over, and what nobody watches, too."""
        if not self.audience.watches(gateway):
            return
        try:
            if stream == CAPTIONS:
                text = Caption.model_validate_json(payload).model_dump_json()
            elif stream == LEVELS:
                text = Levels.model_validate_json(payload).model_dump_json()
            else:
                return
        except ValidationError:
            return
        self.audience.hear(gateway, (stream, text))

    async def of_hearing(self, gateway: str, ref: str, *, closed: bool) -> AsyncIterator[ServerSentEvent]:
        """The levels of a room, and the captions of one hearing in it; of one that is not public, none."""
        with self.audience.watching(gateway) as pieces:
            yield ServerSentEvent(event="live", data="open")
            async for stream, text in pieces:
                if stream == CAPTIONS and (closed or Caption.model_validate_json(text).hearing != ref):
                    continue
                yield ServerSentEvent(event=stream, data=text)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self.audience.close()
