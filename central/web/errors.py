"""Answers when something is wrong: pages that say what happened, what was kept and what to do now."""

import logging
from collections.abc import Mapping
from http.client import responses
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DataError, DBAPIError, StatementError
from starlette.exceptions import HTTPException

from central.pki import RootAway
from central.web import look, session
from central.web.refused import Refused, Said

_LOG = logging.getLogger(__name__)
_API = "/api/"

_NOT_FOUND = Said("这里没有您要找的页面。它可能已移走，或地址有误。请从左边的目录重新进入。")
_OTHER = Said("这个操作没有成功，什么也没有改动。请返回上一页重试。")
_UNREADABLE = Said("提交的内容不完整，什么也没有改动。请返回上一页检查后重试。")
_TOO_LARGE = Said("提交的内容里有存不下的值（例如过大的数），什么也没有改动。")
_ROOT_AWAY = Said("法院的根密钥不在服务器上，签不出证书，什么也没有改动。请把 root.key 放回 pki 目录再试，事后收好。")
_NO_ROUTE = Said("接口里没有这个地址，或它不接受这种方法。/openapi.json 列出了全部地址。")
_TOLD = 5
_BROKEN = Said("系统出了差错，这次操作没有保存，此前的记录都在。请稍后重试；若再次出现，请把下方代码告诉信息技术部门。")


def speak(app: FastAPI) -> None:
    """From now on errors of the application are answered in words: pages to people, JSON to machines."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(session.NotSignedIn, _not_signed_in)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(RootAway, _root_away)
    app.add_exception_handler(OverflowError, _too_large)
    app.add_exception_handler(StatementError, _too_large)
    app.add_exception_handler(UnicodeEncodeError, _too_large)
    app.add_exception_handler(Exception, _broken)


def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    return _answer(request, error.status, error.said, error.code)


def _not_signed_in(request: Request, error: Exception) -> Response:
    if not isinstance(error, session.NotSignedIn):
        raise error
    if request.url.path.startswith(_API) or "text/event-stream" in request.headers.get("accept", ""):
        return _answer(request, 401, Said("请先登录。"), "not_signed_in")
    if "hx-request" in request.headers:
        back = request.headers.get("hx-current-url", "/")
        return Response(status_code=401, headers={"HX-Redirect": session.sign_in_url(session.path_in(back))})
    return RedirectResponse(session.sign_in_url(error.back), 303)


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if request.url.path.startswith(_API):
        plain = error.detail in ("", responses.get(error.status_code))
        said = _NO_ROUTE if plain else Said("没有照办：{why}", {"why": error.detail})
    else:
        said = _NOT_FOUND if error.status_code == 404 else _OTHER
    answer = _answer(request, error.status_code, said, f"http_{error.status_code}")
    answer.headers.update(error.headers or {})
    return answer


def _unreadable(request: Request, error: Exception) -> Response:
    wrong = error.errors() if isinstance(error, RequestValidationError) else []
    if not request.url.path.startswith(_API):
        return _answer(request, 422, _UNREADABLE, f"unreadable {_place(wrong[0]) if wrong else ''}".strip())
    why = "; ".join(f"{_place(one)}: {one['msg']}" for one in wrong[:_TOLD])
    return _answer(request, 422, Said("请求不符合接口的约定，什么也没有改动：{why}", {"why": why}), "unreadable")


def _place(wrong: Mapping[str, Any]) -> str:
    """Where it is: `body.due`, `query.limit`."""
    return ".".join(str(part) for part in wrong["loc"])


def _root_away(request: Request, error: Exception) -> Response:
    """Only the court's root can sign that, and its key is kept elsewhere."""
    _LOG.warning("%s %s: %s", request.method, request.url.path, error)
    return _answer(request, 409, _ROOT_AWAY, "root_away")


def _too_large(request: Request, error: Exception) -> Response:
    """What no column, calendar or text holds: whoever sent it can mend it. SQLite and PostgreSQL say it differently."""
    if isinstance(error, DBAPIError) and not isinstance(error, DataError):
        raise error
    _LOG.warning("%s %s: a value cannot be held", request.method, request.url.path, exc_info=error)
    return _answer(request, 422, _TOO_LARGE, "value_too_large")


def _broken(request: Request, error: Exception) -> Response:
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(request, 500, _BROKEN, type(error).__name__)


def _answer(request: Request, status: int, said: Said, code: str) -> Response:
    if request.url.path.startswith(_API):
        message = look.words(request).tell(said).encode(errors="replace").decode()  # half a sign came in, none goes out
        return JSONResponse({"error": {"code": code, "message": message}}, status)
    return draw(request, status, said, code)


def draw(request: Request, status: int, said: Said, code: str) -> HTMLResponse:
    """The page of an error; it stands even when nobody is signed in or the database is away."""
    if status >= 500:
        request.state.visitor = None
    context: dict[str, Any] = {"status": status, "said": said, "code": code, "posted": request.method == "POST"}
    if request.method == "POST":
        context["drawn_at"] = "/"
    return look.page(request, "error.html", status, **context)
