"""A box that is put out of use leaves the broker at once: a name is there only once, and central takes its place.

The broker's lists keep a withdrawn certificate from coming back, but what is connected stays so. A client of the same
name ends that connection (MQTT 5, 3.1.4), and with a clean start also the session, with what still waited in it.
"""

import contextlib
import logging
import socket
import ssl
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from central.pki import Authority
from central.settings import Settings

_LOG = logging.getLogger(__name__)
_PATIENCE_S = 3.0
_CONNACK = 0x20
_DISCONNECT = bytes.fromhex("e0 00")


def turn_away(settings: Settings, authority: Authority, names: list[str], now: datetime) -> None:
    """End the connections of these gateways or readers; the lists that keep them out must have been written before."""
    for name in names:
        try:
            with _at_broker(settings, authority, name, now) as line:
                line.sendall(connect(name))
                if line.recv(1)[:1] == bytes([_CONNACK]):
                    line.sendall(_DISCONNECT)
        except OSError as error:
            _LOG.warning("%s could not be turned away from the broker at once: %s", name, error)


def connect(name: str) -> bytes:
    """MQTT 5 CONNECT (OASIS standard, 3.1): clean start, keep alive 5 s, no properties, this client id."""
    client = name.encode()
    body = bytes.fromhex("0004 4d515454 05 02 0005 00") + len(client).to_bytes(2, "big") + client
    return bytes([0x10, len(body)]) + body


@contextlib.contextmanager
def _at_broker(settings: Settings, authority: Authority, name: str, now: datetime) -> Iterator[ssl.SSLSocket]:
    host, port = settings.broker.host, settings.broker.port
    with tempfile.TemporaryDirectory(prefix="courtside-") as folder:
        context = ssl.create_default_context(cafile=str(authority.path("root.pem")))
        context.load_cert_chain(*authority.stand_in(Path(folder), name, now))
    with (
        socket.create_connection((host, port), _PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        yield secure
