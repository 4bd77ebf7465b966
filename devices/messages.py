"""Wishes go down, facts come up: each a frozen model declared once.

Reading, writing, JSON Schema and AsyncAPI all follow from the class. The wire name of a message is its class
name in snake_case; the registries fill themselves as the modules that declare messages are imported.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

M = TypeVar("M", bound=BaseModel)

Fetch = Callable[[str], Awaitable[bytes]]
"""Gives the blob of that SHA-256 (hex), already checked; raises DeviceOffline while it cannot be had."""


class UnreadableMessage(ValueError):
    """The type is unknown here or the body does not fit it; the text names what and where."""


def wire_name(message: type[BaseModel]) -> str:
    """The snake_case name under which a message class travels."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", message.__name__).lower()


class Wish(BaseModel):
    """Something central asks of one device; nothing in it is ignored, for a half-understood wish is refused."""

    # Built when first used: most that a box could say or be told, it never does, and it pays for each in memory.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    registry: ClassVar[dict[str, type["Wish"]]] = {}

    kind: ClassVar[str]
    """Who obeys it: a folder of `drivers/`, or a station by its name."""
    patience_s: ClassVar[float] = 15.0
    """Seconds within which the answering fact is expected."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        Wish.registry[wire_name(cls)] = cls

    @property
    def type(self) -> str:
        """The wire name."""
        return wire_name(type(self))

    def answered_by(self, fact: "Fact") -> bool:
        """True if this fact is the world's answer to the wish."""
        raise NotImplementedError

    def unanswered(self, states: Mapping[str, str]) -> "Fact | None":
        """What to tell when the patience is over and no fact answered; `states` are the device's, by property."""
        return None

    async def put_to(self, device: Any, fetch: "Fetch") -> "Fact | None":
        """Ask it of a device of `kind`; gives the answering fact if asking already proves it."""
        raise NotImplementedError


class Fact(BaseModel):
    """Something that happened; fields from a newer gateway are passed over, for a fact is never refused."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)
    registry: ClassVar[dict[str, type["Fact"]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        Fact.registry[wire_name(cls)] = cls

    @property
    def type(self) -> str:
        """The wire name."""
        return wire_name(type(self))

    def state(self) -> tuple[str, str] | None:
        """(property, value) if the fact tells a lasting state, None if it tells an event."""
        return None


def read_wish(type_: str, body: Mapping[str, Any]) -> Wish:
    """The wish of that wire name; raises UnreadableMessage."""
    return _read(Wish.registry, "wish", type_, body)


def read_fact(type_: str, body: Mapping[str, Any]) -> Fact:
    """The fact of that wire name; raises UnreadableMessage."""
    return _read(Fact.registry, "fact", type_, body)


def write_body(message: Wish | Fact) -> dict[str, Any]:
    """The JSON body of a message; defaults are left out, so that old readers meet few new names."""
    return message.model_dump(mode="json", exclude_defaults=True)


def _read(registry: Mapping[str, type[M]], what: str, type_: str, body: Mapping[str, Any]) -> M:
    try:
        model = registry[type_]
    except KeyError:
        raise UnreadableMessage(f"no {what} is called {type_!r} here") from None
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise UnreadableMessage(f"{what} {type_}: {where}: {first['msg']}") from error
