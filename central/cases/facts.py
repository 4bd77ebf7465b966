"""What central writes in its own book about cases and volumes: numbers of rows, never case numbers or names."""

from devices.messages import Fact


class CaseRegistered(Fact):
    """A case stands in the register."""

    case: str


class CaseStepped(Fact):
    """A case went on in its spine."""

    case: str
    from_state: str
    to_state: str


class CaseChanged(Fact):
    """A case's record was changed; `fields` names what, not to what."""

    case: str
    fields: list[str]


class VolumeRegistered(Fact):
    """A case got a volume."""

    case: str
    volume: str
    secret: bool = False


class VolumeChanged(Fact):
    """A volume's record was changed; `fields` names what, not to what."""

    volume: str
    fields: list[str]


class VolumeLabelled(Fact):
    """A volume got its barcode."""

    volume: str
