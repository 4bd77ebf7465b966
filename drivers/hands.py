"""Hands: what a person can do to an emulated device, as buttons that a page can draw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ArgumentKind = Literal["int", "str", "bool"]


@dataclass(frozen=True)
class Hand:
    """One button: its label (Chinese), what it does, and the arguments it asks for with their kinds."""

    label: str
    run: Callable[..., None]
    args: Mapping[str, ArgumentKind] = field(default_factory=dict)

    def __call__(self, **args: Any) -> None:
        """Push the button."""
        self.run(**args)
