"""What a person is told when something cannot be done: a sentence in Chinese, the message id, and what fills it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Said:
    """A sentence for a person: its Chinese text with `{names}`, and what stands for the names.

    What stands for a name may itself be a Said (translated with it) or a datetime (shown in the court's zone).
    """

    text: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """The sentence in Chinese."""
        return self.text.format(**self.params)

    def packed(self) -> dict[str, Any]:
        """As JSON can keep it."""
        return {"text": self.text, "params": {name: _pack(value) for name, value in self.params.items()}}

    @classmethod
    def unpacked(cls, kept: Mapping[str, Any]) -> "Said":
        """As `packed` kept it."""
        return cls(kept["text"], {name: _unpack(value) for name, value in kept["params"].items()})


def _pack(value: Any) -> Any:
    if isinstance(value, Said):
        return value.packed()
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _unpack(kept: Any) -> Any:
    if not isinstance(kept, dict):
        return kept
    return datetime.fromisoformat(kept["at"]) if "at" in kept else Said.unpacked(kept)


class Refused(Exception):
    """Not done, nothing changed, and the reason in words; `code` is for machines, `status` for HTTP."""

    def __init__(self, text: str, /, *, code: str = "refused", status: int = 409, **params: Any) -> None:
        super().__init__(text)
        self.said = Said(text, params)
        self.code = code
        self.status = status

    def __str__(self) -> str:
        """The reason in Chinese."""
        return str(self.said)
