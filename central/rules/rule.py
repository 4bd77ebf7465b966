"""A rule as it is declared beside the code that goes by it.

The mark says how sure we are of it: V confirmed in a published text, M from memory and to be checked by the court,
D the court's own way of working.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Mark = Literal["V", "M", "D"]
Unit = Literal["days", "months", "years", "yes"]
"""What a term counts; `yes`: 1 is yes, 0 is no."""


@dataclass(frozen=True)
class Term:
    """The number in a rule, and within which bounds a court may set it."""

    value: int
    unit: Unit
    least: int
    most: int


@dataclass(frozen=True)
class Rule:
    """One rule: a sentence with `{n}` where its number stands, and the text it is taken from."""

    key: str
    text: str
    source: str
    """Empty if none is known, or none is needed."""
    mark: Mark
    term: Term | None = None

    @property
    def area(self) -> str:
        """What of the court's work it belongs to: the first part of its key."""
        return self.key.partition(".")[0]

    @property
    def editable(self) -> bool:
        """True for what is from memory and for the court's own numbers; what is confirmed is not its to change."""
        return self.mark == "M" or (self.mark == "D" and self.term is not None)


_DECLARED: dict[str, Rule] = {}


def declare(key: str, text: str, source: str = "", *, mark: Mark, term: Term | None = None) -> Rule:
    """A rule the court goes by from now on. Raises ValueError: the key is taken, the number is out of its bounds."""
    if key in _DECLARED or (term is not None and not term.least <= term.value <= term.most):
        raise ValueError(f"the rule {key} is declared twice, or its number is out of its own bounds")
    _DECLARED[key] = Rule(key, text, source, mark, term)
    return _DECLARED[key]


def declared() -> Mapping[str, Rule]:
    """Every rule by key, as far as the modules that go by them are loaded."""
    return _DECLARED
