"""Puts the look on an application: static files, headers, compression, and errors that speak."""

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from central.web.errors import speak
from central.web.headers import SafeHeaders
from central.web.look import STATIC, Look
from central.web.promptly import Promptly
from central.web.session import Who

_SQUEEZED = 5
"""How hard answers are compressed: the usual 9 takes four times as long, for a twentieth less."""
_FOR_EVER = "public, max-age=31536000, immutable"


class _Versioned(StaticFiles):
    """Files whose address names their content (`?v=`) are asked for once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be kept for ever when its version was asked for."""
        answer = await super().get_response(path, scope)
        if scope.get("query_string", b"").startswith(b"v=") and answer.status_code == 200:
            answer.headers["cache-control"] = _FOR_EVER
        return answer


def dress(app: FastAPI, look: Look, who: Who) -> None:
    """From now on pages of `app` can be drawn; it needs `app.state.store` and `app.state.clock` as well."""
    app.state.look = look
    app.state.who = who
    app.mount("/static", _Versioned(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=_SQUEEZED)
    app.add_middleware(SafeHeaders)
    app.add_middleware(Promptly)
    speak(app)
