"""Every value a message, a token or a line may hold, drawn from the models themselves."""

from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from devices import journal

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of a type as the models use it; constraints are met by drawing anew."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(args)
    if origin is tuple:
        return st.lists(values(args[0]), max_size=4).map(tuple)
    if origin is dict:
        return st.dictionaries(_keys(args[0]), values(args[1]), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return models(annotation)
    if args:
        return st.one_of(*(values(part) for part in args))
    return {
        str: TEXT,
        int: st.integers(-(2**53), 2**53),
        bool: st.booleans(),
        float: st.floats(allow_nan=False, allow_infinity=False),
        datetime: st.datetimes(timezones=st.just(UTC)),
        AwareDatetime: st.datetimes(timezones=st.just(UTC)),
        type(None): st.none(),
    }[annotation]


def models(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Instances of a model, built through its own validation."""
    fields = {name: _field(field) for name, field in model.model_fields.items()}
    return st.fixed_dictionaries(fields).map(model.model_validate)


def stamps() -> st.SearchStrategy[journal.Stamp]:
    """When a line may have been written; lines carry milliseconds."""
    moments = st.datetimes(datetime(2024, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))
    whole = moments.map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
    return st.builds(journal.Stamp, whole, st.from_regex(r"[0-9a-f]{8}", fullmatch=True), st.integers(0, 2**40))


def _keys(annotation: Any) -> st.SearchStrategy[str]:
    rules = [rule for field in get_args(annotation)[1:] for rule in getattr(field, "metadata", ())]
    patterns = [pattern for rule in rules if (pattern := getattr(rule, "pattern", None))]
    return st.from_regex(patterns[0], fullmatch=True) if patterns else TEXT


def _field(field: FieldInfo) -> st.SearchStrategy[Any]:
    drawn = values(field.annotation)
    for rule in field.metadata:
        pattern, least, most = (getattr(rule, name, None) for name in ("pattern", "ge", "max_length"))
        if pattern is not None:
            drawn = st.from_regex(pattern, fullmatch=True)
        if isinstance(least, int):
            drawn = st.integers(least, 2**31)
        if most is not None and pattern is None:
            drawn = st.text("0123456789abcdef", min_size=8, max_size=most)
        elif most is not None:
            drawn = drawn.filter(partial(_fits, most))
    if field.default is not PydanticUndefined and field.default is None:
        drawn = st.none() | drawn
    return drawn


def _fits(most: int, text: str | None) -> bool:
    return text is None or len(text) <= most
