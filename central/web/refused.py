"""What a person is told when something cannot be done: a sentence in Chinese, which is the message id, and what fills it."""

from dataclasses import dataclass, field
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
