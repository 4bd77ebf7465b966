"""What travels over the broker, for whoever writes a program beside it: AsyncAPI, and the schema of every message."""

from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

router = APIRouter()


@router.get("/asyncapi.json", include_in_schema=False)
def asyncapi() -> JSONResponse:
    """The topics, who says what on them, as AsyncAPI 3; nothing of this court is in it."""
    return JSONResponse(_documents()[0])


@router.get("/courtside.schema.json", include_in_schema=False)
def messages() -> JSONResponse:
    """Every wish, fact and token as JSON Schema, under the name the AsyncAPI document calls it by."""
    return JSONResponse(_documents()[1])


@cache
def _documents() -> tuple[dict[str, Any], dict[str, Any]]:
    from devices import schema  # not at the head: few ask, and each message's schema has to be worked out

    return schema.asyncapi(version("courtside")), schema.json_schema()
