"""The topics between gateways and central, built and read in one place (design: `courtside/1/<court>/<gateway>/`)."""

import re
from dataclasses import dataclass
from typing import Literal

ROOT = "courtside/1"
NAME = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$")
"""What courts, gateways and devices may be called."""
RESERVED = frozenset({"host", "central", "gateway"})
"""Names no gateway may have."""

Up = Literal["journal", "live"]


class BadName(ValueError):
    """An identifier is not `[a-z0-9-]`, too long, or reserved."""


def checked_name(name: str) -> str:
    """The name itself if it may name a court, gateway or device; raises BadName."""
    if not NAME.fullmatch(name):
        raise BadName(f"{name!r}: use 1 to 48 of a-z, 0-9 and '-', neither first nor last a '-'")
    return name


def is_central(name: str) -> bool:
    """True for what a central may be called at the broker: `central`, or `central-` and more."""
    return name == "central" or name.startswith("central-")


def checked_gateway(name: str) -> str:
    """The name itself if it may name a gateway; raises BadName."""
    if checked_name(name) in RESERVED or is_central(name):
        raise BadName(f"{name!r} is reserved; choose another name")
    return name


def host(court: str) -> str:
    """Where central says, retained, whether the consumer is alive."""
    return f"{ROOT}/{court}/host"


@dataclass(frozen=True)
class GatewayTopics:
    """The topics of one gateway."""

    court: str
    gateway: str

    @property
    def base(self) -> str:
        """Everything of this gateway but Homie."""
        return f"{ROOT}/{self.court}/{self.gateway}"

    @property
    def journal(self) -> str:
        """Up: sealed batches."""
        return f"{self.base}/journal"

    @property
    def ack(self) -> str:
        """Down, retained: committed up to here."""
        return f"{self.base}/ack"

    @property
    def wish(self) -> str:
        """Down, never retained: one wish."""
        return f"{self.base}/wish"

    @property
    def desired(self) -> str:
        """Down, retained: which documents are current."""
        return f"{self.base}/desired"

    @property
    def homie(self) -> str:
        """The gateway as a Homie 5 device."""
        return f"homie/5/{self.gateway}"

    @property
    def discovery(self) -> str:
        """The gateway's own topic for Home Assistant's device discovery."""
        return f"homeassistant/device/{self.gateway}/config"

    def live(self, device: str, stream: str) -> str:
        """Up, may be lost: one stream of one device."""
        return f"{self.base}/live/{device}/{stream}"

    @property
    def live_journal(self) -> str:
        """Up, may be lost: new lines at once while a backlog drains."""
        return f"{self.base}/live/journal"


def of_gateway(court: str, topic: str) -> tuple[str, str] | None:
    """(gateway, what follows) of a topic below the court's root, None if it is another's."""
    head = f"{ROOT}/{court}/"
    if not topic.startswith(head):
        return None
    gateway, _, rest = topic[len(head) :].partition("/")
    return (gateway, rest) if rest else None
