"""What a gateway says it can be told: its drivers and their settings' schemas. A box may say anything, and is judged.

A schema of a box leads nowhere outside itself, and its patterns are looked for in a time that grows with the text only.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any

from jsonschema import Draft202012Validator, SchemaError, ValidationError
from jsonschema.validators import extend
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import SchemaError as PatternError
from pydantic_core import SchemaValidator, core_schema
from pydantic_core import ValidationError as Unfit
from referencing import Registry
from referencing.exceptions import Unresolvable

from central.blobs import MAX_TOLD, Blobs, NoBlob, WrongBlob
from central.fleet.tables import Gateway

Catalogue = Mapping[str, Any]
"""What a gateway's catalogue blob holds: `drivers` with their settings' schemas, and the schema of the `file`."""
_NOTHING_ELSE: Registry[Any] = Registry()
_BY_PATTERN = "patternProperties"


def catalogue_of(blobs: Blobs, gateway: Gateway) -> Catalogue | None:
    """What the gateway itself says it can be told; None before it has started once."""
    return catalogue_named(blobs, gateway.catalogue) if gateway.catalogue else None


def catalogue_named(blobs: Blobs, sha256: str) -> Catalogue | None:
    """The catalogue of that hash, which all gateways of one release share; None if it is not here, or is none."""
    try:
        return _read(blobs.get(sha256, MAX_TOLD))
    except (NoBlob, WrongBlob, OSError, ValueError):
        return None


def errors(schema: Mapping[str, Any], content: Any) -> Sequence[ValidationError]:
    """What is wrong with it by a schema of a catalogue; by one that leads nowhere, just that."""
    try:
        return [*_Linear(schema, registry=_NOTHING_ELSE).iter_errors(content)]
    except (Unresolvable, RecursionError):
        return [ValidationError("the gateway's own schema leads nowhere")]


def _fits(_: Any, pattern: str, content: Any, __: Any) -> Iterator[ValidationError]:
    looked_for = _pattern(pattern)
    if isinstance(content, str) and looked_for is not None:
        try:
            looked_for.validate_python(content)
        except Unfit:
            yield ValidationError(f"{content!r} does not match {pattern!r}")


@lru_cache(500)
def _pattern(pattern: str) -> SchemaValidator | None:
    """None for one that could take for ever: such are not judged."""
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except PatternError:
        return None


_Linear = extend(Draft202012Validator, {"pattern": _fits})  # type: ignore[no-untyped-call]


def _schema(told: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = _without_patterned_names(told)
    try:
        Draft202012Validator.check_schema(schema)
    except (SchemaError, RecursionError) as error:
        raise ValueError("no schema") from error
    return schema


def _without_patterned_names(told: Any) -> Any:
    """Such names are looked for by Python's own patterns, which can take for ever, so none is judged."""
    if isinstance(told, list):
        return [_without_patterned_names(each) for each in told]
    if not isinstance(told, dict):
        return told
    left_out = (_BY_PATTERN, "additionalProperties") if _BY_PATTERN in told else ()
    return {name: _without_patterned_names(each) for name, each in told.items() if name not in left_out}


class _Driver(BaseModel):
    model_config = ConfigDict(extra="allow")

    about: str = ""
    settings: Annotated[dict[str, Any], AfterValidator(_schema)] = {}
    obeys: list[str] = []


class _Told(BaseModel):
    model_config = ConfigDict(extra="allow")

    drivers: dict[str, _Driver] = {}
    file: Annotated[dict[str, Any], AfterValidator(_schema)] = {}


@lru_cache(8)
def _read(told: bytes) -> Catalogue:
    """Kept, for it takes a tenth of a second and is asked for on every page of a device. Raises ValueError."""
    return _Told.model_validate_json(told).model_dump()
