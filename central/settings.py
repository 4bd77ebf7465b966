"""What an installation of central is told: `central.yaml` in its home folder."""

from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from central import durable
from devices.log_form import LogForm
from devices.topics import BadName, checked_name, is_central

FILE = "central.yaml"


class BadSettings(ValueError):
    """The settings cannot be used; the text names file, setting and what to write instead."""


def _name(name: str) -> str:
    try:
        return checked_name(name)
    except BadName as error:
        raise ValueError(str(error)) from error


def _database(url: str) -> str:
    try:
        known = not url or make_url(url).drivername in ("sqlite", "postgres", "postgresql", "postgresql+psycopg")
    except ArgumentError:
        known = False
    if not known:
        raise ValueError("no database Courtside knows; write one like postgresql://court@db/court")
    return url


def _central(name: str) -> str:
    if not is_central(_name(name)):
        raise ValueError(f"{name!r} could be a gateway; write central or central-SOMETHING")
    return name


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone; write one like Asia/Shanghai") from error
    return name


class Http(BaseModel):
    """Where central listens for people and gateways."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8443, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(default="", description="How gateways and people reach central; empty: host and port.")
    tls: bool = Field(default=True, description="Serve HTTPS with a certificate of the court's own CA.")


class Broker(BaseModel):
    """Where the MQTT broker is, seen from central and from the gateways."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Host name in the broker's certificate.")
    port: int = Field(default=8883, ge=1, le=65535, description="TLS port.")
    centrals: tuple[Annotated[str, AfterValidator(_central)], ...] = Field(
        default=(), description="Every `instance` that connects besides `central`."
    )


class Dossiers(BaseModel):
    """How pages of electronic dossiers are read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default=1, ge=0, le=64, description="Processes that read pages here; 0: others do it.")
    ocr: Literal["rapidocr", "tesseract"] = Field(
        default="rapidocr", description="rapidocr makes fewer errors, tesseract takes less time."
    )


class Settings(BaseModel):
    """Everything central is told; nothing else is read from the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    court: Annotated[str, AfterValidator(_name)] = Field(description="The court's name in topics and tokens.")
    home: Path = Field(description="Folder of database, keys and blobs; set by where the file lies.")
    title: str = Field(default="", description="The court's name for people; empty: its name.")
    database: Annotated[str, AfterValidator(_database)] = Field(
        default="", description="SQLAlchemy URL; empty: SQLite in the home folder."
    )
    blobs: str = Field(default="", description="obstore URL such as s3://bucket/prefix; empty: a folder at home.")
    instance: Annotated[str, AfterValidator(_central)] = Field(
        default="central", description="Tells several centrals on one database apart; the same after a restart."
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        default="Asia/Shanghai", description="Where the court's days begin and end."
    )
    certificate_days: float = Field(
        default=730, gt=0, le=3650, description="Days a gateway's certificate is good; it renews itself well before."
    )
    signature_authorities: Path | None = Field(
        default=None, description="PEM file of the authorities whose certificates sign minutes; none: only the pad."
    )
    keep_free_gib: float = Field(
        default=2, ge=0, description="GiB of the disk that uploads of gateways leave free; else they are told to wait."
    )
    log: LogForm = Field(default="text", description="Form of the log on standard error; json: an object a line.")
    http: Http = Http()
    broker: Broker = Broker()
    dossiers: Dossiers = Dossiers()

    @property
    def database_url(self) -> str:
        """The database to open."""
        return self.database or f"sqlite:///{self.home / 'central.db'}"

    @property
    def blob_place(self) -> Path | str:
        """Where blobs are kept: a folder, or an obstore URL."""
        return self.blobs or self.home / "blobs"

    @property
    def uploads(self) -> Path:
        """The folder where uploads of gateways lie until they are whole."""
        return self.home / "uploads"

    @property
    def authorities(self) -> Path | None:
        """The file of trusted authorities; beside `central.yaml` unless its path is absolute."""
        return self.home / self.signature_authorities if self.signature_authorities else None

    @property
    def public_url(self) -> str:
        """The address printed, and given to gateways when they enrol."""
        scheme = "https" if self.http.tls else "http"
        return (self.http.public_url or f"{scheme}://{self.http.host}:{self.http.port}").rstrip("/")

    @property
    def zone(self) -> ZoneInfo:
        """The court's time zone."""
        return ZoneInfo(self.time_zone)


def load(home: Path) -> Settings:
    """The settings of the installation in `home`; raises BadSettings."""
    path = home / FILE
    try:
        told: Any = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BadSettings(f"{path} is missing; run `courtside-central init` first") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BadSettings(f"{path} cannot be read: {error}") from error
    if not isinstance(told, dict):
        raise BadSettings(f"{path}: write `setting: value` lines, beginning with `court: NAME`")
    try:
        return Settings.model_validate({**told, "home": home.absolute()})
    except ValidationError as error:
        raise BadSettings(f"{path}: {wrong(error)}") from error


def wrong(error: ValidationError) -> str:
    """The first setting that is wrong, and why, in words."""
    first = error.errors()[0]
    where, why = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
    return f"{where}: {'no such setting, see docs/cli.md' if first['type'] == 'extra_forbidden' else why}"


def save(settings: Settings) -> Path:
    """Write the settings that differ from their defaults into the home folder; gives the file's path."""
    told = settings.model_dump(mode="json", exclude={"home"}, exclude_defaults=True)
    path = settings.home / FILE
    durable.write(path, yaml.safe_dump(told, allow_unicode=True, sort_keys=False).encode(), 0o644)
    return path
