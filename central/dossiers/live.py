"""How far scan desks are, as their stations say it live: before the lines that prove it are here. Kept nowhere."""

from collections import OrderedDict
from collections.abc import Callable

from pydantic import ValidationError

from devices.scanning import PROGRESS, ScanProgress

_KEPT = 200


def topic(gateway: str, job: str) -> str:
    """The live topic of an envelope."""
    return f"scan:{gateway}:{job}"


class LiveDesks:
    """The last progress of each envelope; everything happens in the event loop. `tell` is told the topic it stirs."""

    def __init__(self, tell: Callable[[frozenset[str]], None]) -> None:
        self._tell = tell
        self._last: OrderedDict[tuple[str, str], ScanProgress] = OrderedDict()

    def heard(self, gateway: str, stream: str, payload: bytes) -> None:
        """A station said this; what is no progress is passed over."""
        if stream != PROGRESS:
            return
        try:
            told = ScanProgress.model_validate_json(payload)
        except ValidationError:
            return
        self._last[gateway, told.job] = told
        self._last.move_to_end((gateway, told.job))
        while len(self._last) > _KEPT:
            self._last.popitem(last=False)
        self._tell(frozenset({topic(gateway, told.job)}))

    def of(self, gateway: str, job: str) -> ScanProgress | None:
        """What was said of an envelope last."""
        return self._last.get((gateway, job))
