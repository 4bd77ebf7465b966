"""While somebody waits for an answer, threads hand on the interpreter sooner; then as Python has it."""

import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import StreamingResponse

from central.web.promptly import Promptly

USUAL = sys.getswitchinterval()


async def test_the_interval_is_short_until_an_answer_begins_whatever_becomes_of_it() -> None:
    app, seen = FastAPI(openapi_url=None), list[float]()
    app.add_middleware(Promptly)

    async def pieces() -> AsyncIterator[bytes]:
        seen.append(sys.getswitchinterval())
        yield b"x"

    @app.get("/page")
    def page() -> str:
        seen.append(sys.getswitchinterval())
        return "x"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(pieces())

    @app.get("/fault")
    def fault() -> None:
        raise KeyError("nobody catches this")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://court") as client:
        await client.get("/page")
        await client.get("/stream")
        with pytest.raises(KeyError):
            await client.get("/fault")
    assert seen[0] < USUAL / 5 and seen[1] == USUAL and sys.getswitchinterval() == USUAL
