"""What a station stands on."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from gateway.bench import Bench
from gateway.deadlines import Deadlines
from gateway.documents import Documents
from gateway.identity import Identity
from gateway.journal import Journal
from gateway.uploads import Uploads

Live = Callable[[str, str, bytes], None]
"""Publishes what may be lost: device, stream, payload."""
Works = list[Coroutine[Any, Any, None]]
"""What runs beside the devices."""


@dataclass(frozen=True)
class Place:
    """The ground of this box; the journal's folder is that of its data."""

    identity: Identity
    journal: Journal
    bench: Bench
    uploads: Uploads
    documents: Documents
    deadlines: Deadlines
