"""Central's HTTP door, blocking: each question carries a minute's pass signed with this box's own key."""

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from gateway.clock import Clock
from gateway.identity import Identity, http_token

_TIMEOUT_S = 30

Ask = Callable[..., tuple[int, Mapping[str, str], bytes]]
"""`ask(method, path, body, headers)` gives status, headers (names in lower case) and body."""


@contextmanager
def door(identity: Identity, clock: Clock) -> Iterator[Ask]:
    """Open as long as the block lasts; `ask` raises OSError, HTTPException."""
    parts = urlsplit(identity.central_url)
    if parts.scheme == "https":
        context = identity.tls()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc, timeout=_TIMEOUT_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_S)

    def ask(
        method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        pass_ = {"Authorization": f"Bearer {http_token(identity, clock)}"}
        connection.request(method, path, body, {**pass_, **(headers or {})})
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()

    try:
        yield ask
    finally:
        connection.close()
