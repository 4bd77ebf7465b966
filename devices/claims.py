"""What the tokens say: the claims of wish, permit, seal, ack, desired and stored, each written and read here only."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devices.grants import BadToken
from devices.topics import NAME

WISH_LIFE_S = 30
"""Seconds a wish lives (design, ledger rule 10)."""


class Claims(BaseModel):
    """Issuer and audience of a token; every token names both."""

    # Built when first used: most that a box could say or be told, it never does, and it pays for each in memory.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    iss: str
    aud: str

    def write(self) -> dict[str, Any]:
        """The claims as they are signed."""
        return self.model_dump(mode="json", exclude_none=True)

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> "Any":
        """The claims in a verified token; raises BadToken (`unreadable`)."""
        try:
            return cls.model_validate(claims)
        except ValidationError as error:
            first = error.errors()[0]
            raise BadToken("unreadable", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


class WishClaims(Claims):
    """One wish: by whom, why, of which device, and what (`type` and `body` of devices.messages)."""

    jti: str = Field(min_length=8, max_length=40)
    iat: int
    exp: int
    actor: str
    """A reference central understands; never a name."""
    reason: str
    device: str
    type: str
    body: dict[str, Any]


class PermitClaims(Claims):
    """One opening of one cell, issued ahead; short names, for it must fit a QR code."""

    MAX_DAYS: ClassVar[int] = 14

    jti: str = Field(min_length=8, max_length=16)
    exp: int
    at: str = Field(pattern=r"^[a-z0-9-]{1,48}/[1-9][0-9]{0,4}$")
    """`device/cell`."""
    pin: str | None = None
    """Check value of the PIN (`grants.pin_check`); None means bearer."""

    @property
    def device(self) -> str:
        """The bank of locks."""
        return self.at.rpartition("/")[0]

    @property
    def cell(self) -> int:
        """The cell."""
        return int(self.at.rpartition("/")[2])


class SealClaims(Claims):
    """A gateway's word on a batch: these lines of this book, in this order."""

    book: str
    first: int = Field(ge=1)
    seq: int = Field(ge=1)
    """The last line's number."""
    head: str
    """The last line's hash."""


class AckClaims(Claims):
    """Central's word: committed up to `seq`; a lower one than sent means resend from there."""

    book: str
    seq: int = Field(ge=0)
    head: str
    """Hash of line `seq`, ZERO for none."""
    window: int = Field(ge=1, default=500)
    """Lines a batch may hold."""
    iat: int
    state: Literal["ok", "fork", "suspended"] = "ok"
    """`fork`: close this book and open another. `suspended`: two boxes share this identity; stop."""


class Document(BaseModel):
    """One current document: its blob and its version, which only grows."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    version: int = Field(ge=1)


class DesiredClaims(Claims):
    """Which documents are current for a gateway; names are open, and good for names of files."""

    iat: int
    documents: dict[Annotated[str, Field(pattern=NAME.pattern)], Document] = Field(default_factory=dict)


class Wheel(BaseModel):
    """One Python package of a release, and the blob that it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+!-]{1,150}\.whl$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=1)


class ReleaseClaims(Claims):
    """A release of the gateway's software, for any gateway of the court: the packages it consists of."""

    AUDIENCE: ClassVar[str] = "software"

    release: str = Field(pattern=r"^[0-9][0-9A-Za-z.+!-]{0,31}$")
    """Version of the package `courtside` in it."""
    python: str = Field(pattern=r"^3\.[0-9]{1,2}$")
    """Python it was put together for."""
    wheels: tuple[Wheel, ...] = Field(min_length=1)
    iat: int


class File(BaseModel):
    """One file of a set, below the set's own folder, and the blob that it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,4}$", max_length=200)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class FilesClaims(Claims):
    """A speech model or a logo, for any gateway of the court: its name, and the files it consists of."""

    AUDIENCE: ClassVar[str] = "files"

    document: Literal["model", "logo"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,47}$")
    files: tuple[File, ...] = Field(min_length=1, max_length=1000)
    iat: int


class StoredClaims(Claims):
    """Central's word that a blob is on its disk, file and folder fsynced."""

    sha256: str
    size: int
    iat: int


class HearingClaims(Claims):
    """A gateway's or central's word that this manifest is the whole of a hearing."""

    hearing: str
    manifest: str
    """SHA-256 of the manifest's blob."""
    iat: int


class IdentityClaims(Claims):
    """A gateway at central's HTTP door; lives a minute."""

    iat: int
    exp: int
