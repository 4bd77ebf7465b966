"""A box that is put out of use leaves the broker at once: a name is there only once, and central takes its place.

The broker's lists keep a withdrawn certificate from coming back, but what is connected stays so. A client of the same
name ends that connection (MQTT 5, 3.1.4), and with a clean start also the session, with what still waited in it.
"""

import logging
import ssl
import tempfile
from datetime import datetime
from pathlib import Path

from central.link import Place, take_over
from central.pki import Authority, RootAway
from central.settings import Settings

_LOG = logging.getLogger(__name__)


def turn_away(settings: Settings, authority: Authority, names: list[str], now: datetime) -> None:
    """End the connections of these gateways or readers; the lists that keep them out must have been written before."""
    for name in names:
        try:
            tls = _stand_in(authority, name, now)
            take_over(Place(settings.broker.host, settings.broker.port, name, tls))
        except (OSError, RootAway) as error:
            _LOG.warning("%s could not be turned away from the broker at once: %s", name, error)


def _stand_in(authority: Authority, name: str, now: datetime) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.path("root.pem")))
    with tempfile.TemporaryDirectory(prefix="courtside-") as folder:
        context.load_cert_chain(*authority.stand_in(Path(folder), name, now))
    return context
