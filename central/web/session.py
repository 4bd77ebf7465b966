"""The session's cookie, the word that proves a form is ours, and who is looking.

The cookie holds the session's token and no script can read it. The word in a form (CSRF) is a hash of that token:
whoever cannot read the cookie cannot make it, and nothing has to be stored. Who a token belongs to is not known
here; the application hands that in as `app.state.who`.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Annotated, Protocol
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request, Response
from starlette.routing import Match

from central.web.refused import Refused

COOKIE = "courtside_session"
LANGUAGE_COOKIE = "courtside_lang"
FORM_FIELD = "csrf"
FORM_HEADER = "x-csrf"
MAX_FIELD = 16 * 1024 * 1024
"""Bytes in one field of a form: a table that was previewed comes back whole."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Visitor(Protocol):
    """Who looks at a page."""

    @property
    def id(self) -> int:
        """The person's number."""

    @property
    def name(self) -> str:
        """The person's name, for the header."""

    @property
    def roles(self) -> frozenset[str]:
        """The roles that count in this request."""

    @property
    def language(self) -> str:
        """The language this person reads."""


Who = Callable[[str], Visitor | None]
"""Session token -> who that is, None if it is nobody (any more)."""


class NotSignedIn(Exception):
    """Somebody has to sign in first; `back` is where they wanted to go."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.back = back


def token_of(request: Request) -> str:
    """The session's token, empty without one."""
    return request.cookies.get(COOKIE, "")


def csrf_of(request: Request) -> str:
    """The word a form of this session carries."""
    return hashlib.sha256(b"form:" + token_of(request).encode()).hexdigest()[:32]


def remember(response: Response, token: str, *, secure: bool) -> None:
    """Give the browser the session; it ends with the browser or with the session, whichever is first."""
    response.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/")


def forget(response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(COOKIE, path="/")


def visitor_of(request: Request) -> Visitor | None:
    """Who is looking, None if nobody signed in; asked once a request."""
    if not hasattr(request.state, "visitor"):
        token = token_of(request)
        who: Who = request.app.state.who
        request.state.visitor = who(token) if token else None
    found: Visitor | None = request.state.visitor
    return found


def signed_in(request: Request) -> Visitor:
    """Who is looking; raises NotSignedIn."""
    visitor = visitor_of(request)
    if visitor is None:
        raise NotSignedIn(_where(request))
    return visitor


async def our_form(request: Request) -> None:
    """Raises Refused (403) unless a request that changes something comes from a page of ours."""
    if request.method in _SAFE:
        return
    origin = request.headers.get("origin")
    # A page that hides where it is sends "null". Its word proves it ours; before signing in everybody knows that word.
    is_hidden = origin == "null" and token_of(request)
    if origin and not is_hidden and origin.partition("://")[2] != request.headers.get("host"):
        raise Refused("这个请求来自别的网站，已拒绝。请回到本页重新操作。", code="foreign_form", status=403)
    given = request.headers.get(FORM_HEADER) or str((await request.form(max_part_size=MAX_FIELD)).get(FORM_FIELD, ""))
    if hmac.compare_digest(given.encode(), csrf_of(request).encode()):
        return
    if not token_of(request):
        raise NotSignedIn(_where(request))
    raise Refused("这一页打开以后，这个浏览器里有人登录或退出过，所以什么也没有改动。请返回上一页，看一眼再提交。",
                  code="stale_form", status=403)  # fmt: skip


def _where(request: Request) -> str:
    """The page somebody is at: the one asked for, or the one whose form was sent if it can be asked for."""
    if request.method == "GET":
        return path_in(str(request.url))
    back = path_in(request.headers.get("referer", "/"))
    asked = {"type": "http", "method": "GET", "path": urlsplit(back).path}
    return back if any(route.matches(asked)[0] is Match.FULL for route in request.app.routes) else "/"


def sign_in_url(back: str) -> str:
    """The way to sign in and then on to `back`."""
    return f"/sign-in?next={quote(back, safe='/?=')}"


def safe_next(next_: str) -> str:
    """`next_` if it is a path of ours, else home: a link in a mail must not lead elsewhere."""
    return next_ if next_.startswith("/") and not next_.startswith(("//", "/\\")) else "/"


def path_in(url: str) -> str:
    """Path and query of an address of ours; of what is no address, home."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    return safe_next(f"{parts.path}?{parts.query}" if parts.query else parts.path)


SignedIn = Annotated[Visitor, Depends(signed_in)]
"""A route's parameter: who is looking, after signing in."""
