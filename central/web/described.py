"""How the API describes itself in `/openapi.json`: names of its calls, its chapters, and how it refuses."""

from collections.abc import Mapping
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

CHAPTERS: Mapping[str, str] = {
    "cases": "Cases, their parties and volumes.",
    "custody": "Lockers, deposits, hand-outs, reservations, permits; where each volume is.",
    "dossiers": "Files brought into electronic dossiers, their catalogue, search, bound volumes.",
    "scans": "Envelopes at scanning stations.",
    "hearings": "Courtrooms, hearings, transcripts, minutes, and how long recordings are kept.",
    "ledger": "Lines of the ledger, and pieces of it with their proof.",
    "wishes": "What was asked of devices, and how far it came.",
    "fleet": "Gateways, devices, alarms, configurations; the court's root.",
    "rules": "The rules the court works by.",
    "people": "People, and tokens for programs.",
    "import": "Tables from elsewhere.",
    "gateways": "Gateways' own door, opened by a gateway's key; not for other programs.",
}
"""Every tag there is, and what stands there."""


class Error(BaseModel):
    """What was wrong."""

    code: str = Field(description="For programs; it stays the same.", examples=["no_such_move"])
    message: str = Field(description="For people, in the language of `Accept-Language` (zh, en).")


class ErrorAnswer(BaseModel):
    """The body of every answer that is no success."""

    error: Error


IN_WORDS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorAnswer, "description": "Refused, and why."},
    "5XX": {"model": ErrorAnswer, "description": "A fault of ours; nothing was saved."},
}
"""How the API answers what it does not do (`errors.py`)."""


def called(route: APIRoute) -> str:
    """The operation id of a route: its tag and its function, as a client's generator makes a name of it."""
    return "_".join([*map(str, route.tags[:1]), route.name])


def chapters() -> list[dict[str, Any]]:
    """The tags as OpenAPI lists them."""
    return [{"name": name, "description": about} for name, about in CHAPTERS.items()]
