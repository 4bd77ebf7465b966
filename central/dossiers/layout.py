"""What was read on a page and where each line of it stands, in pixels of the page's image."""

import json
import unicodedata
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple


class Line(NamedTuple):
    """One line of text in its box."""

    text: str
    left: int
    top: int
    width: int
    height: int
    sure: float = 1.0
    """0 to 1, by the engine's own word."""


def text_of(lines: Sequence[Line]) -> str:
    """What is searched and shown: one line a line."""
    return "\n".join(line.text for line in lines)


def write(lines: Sequence[Line]) -> bytes:
    """As a blob; the same lines give the same bytes."""
    return json.dumps([list(line) for line in lines], ensure_ascii=False, separators=(",", ":")).encode()


def read(blob: bytes) -> list[Line]:
    """From the blob."""
    return [Line(*line) for line in json.loads(blob)]


def boxes(lines: Sequence[Line], wanted: str) -> list[tuple[float, float, float, float]]:
    """Where these signs stand (left, top, width, height), over line ends too; signs of a line count as equally wide."""
    signs = [(line, i, sign) for line in lines for i, sign in enumerate(line.text) if not sign.isspace()]
    packed = "".join(unicodedata.normalize("NFKC", sign).lower()[:1] for _, _, sign in signs)
    found, at = list[tuple[float, float, float, float]](), packed.find(wanted)
    while wanted and at >= 0:
        for line, group in groupby(signs[at : at + len(wanted)], key=lambda each: each[0]):
            places = [i for _, i, _ in group]
            sign = line.width / len(line.text)
            found.append((line.left + places[0] * sign, line.top, (places[-1] - places[0] + 1) * sign, line.height))
        at = packed.find(wanted, at + len(wanted))
    return found
