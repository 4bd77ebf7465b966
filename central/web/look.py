"""How a page is drawn: one environment a language, with the words, times and states every template uses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from central.clock import Clock, utc_now
from central.web import session, times
from central.web.refused import Said
from central.web.states import RULE_NAMES, STATES, State
from central.web.words import LANGUAGES, SOURCE, Words, words_of

HERE = Path(__file__).parent
STATIC = HERE / "static"
_CHIP = Markup('<span class="chip tone-{}"><span class="shape"></span>{}</span>')
"""A state in a list, drawn a hundred times on a page."""
_YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True)
class Look:
    """What all pages of one court share; kept as `app.state.look`."""

    title: str
    """The court's name for people."""
    zone: tzinfo
    may: Callable[[Any, str], bool]
    """Whether a visitor may do that action."""
    environments: Mapping[str, Environment]
    clock: Clock

    def language_of(self, request: Request) -> str:
        """What was asked for just now, else what the browser remembers, else the person's own, else its first.

        A program has no person before it: what its request accepts counts before the language of whose token it has.
        """
        visitor = getattr(request.state, "visitor", None)
        accepted = request.headers.get("accept-language", "")[:2]
        asked = (
            request.query_params.get("lang"),
            request.cookies.get(session.LANGUAGE_COOKIE),
            accepted if "authorization" in request.headers else None,
            visitor.language if visitor else None,
            accepted,
        )
        return next((language for language in asked if language is not None and language in LANGUAGES), SOURCE)


def make_look(title: str, zone: tzinfo, may: Callable[[Any, str], bool], clock: Clock = utc_now) -> Look:
    """The look of a court."""
    versions = _versions()
    environments = {language: _environment(words_of(language), zone, clock, versions) for language in LANGUAGES}
    return Look(title, zone, may, environments, clock)


def look_of(request: Request) -> Look:
    """The application's look (`app.state.look`)."""
    return cast(Look, request.app.state.look)


def page(request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """The template drawn for this request, in its language.

    `drawn_at` in the context is where it can be asked for again, if not where this request went: a form was refused.
    """
    look = look_of(request)
    visitor = session.visitor_of(request)
    language = look.language_of(request)
    address = str(context.get("drawn_at", ""))
    context |= {
        "title": look.title,
        "now": look.clock(),
        "path": request.url.path,
        "here": _here(request, address),
        "switch": {code: _here(request, address, lang=code) for code in LANGUAGES},
        "visitor": visitor,
        "may": lambda action: visitor is not None and look.may(visitor, action),
        "csrf": session.csrf_of(request),
        "query": request.query_params,
    }
    answer = HTMLResponse(look.environments[language].get_template(template).render(context), status)
    if request.query_params.get("lang") == language:
        secure = request.url.scheme == "https"
        answer.set_cookie(session.LANGUAGE_COOKIE, language, max_age=_YEAR_S, samesite="lax", secure=secure)
    return answer


def words(request: Request) -> Words:
    """The words of this request's language, for the few texts that are not in a template."""
    look = look_of(request)
    return words_of(look.language_of(request))


def _here(request: Request, address: str, **params: str) -> str:
    """This page's address with some parameters changed."""
    drawn_at, _, own = address.partition("?")
    query = {**dict(parse_qsl(own)), **request.query_params, **params}
    query = query if params else {name: value for name, value in query.items() if name != "lang"}
    path = drawn_at or session.safe_next(request.url.path)  # of an address that begins with // a link leads elsewhere
    return f"{path}?{urlencode(query)}" if query else path


def _versions() -> Mapping[str, str]:
    files = (path for path in STATIC.rglob("*") if path.is_file())
    return {path.relative_to(STATIC).as_posix(): sha256(path.read_bytes()).hexdigest()[:8] for path in files}


def _environment(words: Words, zone: tzinfo, clock: Clock, versions: Mapping[str, str]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )

    def when(at: datetime) -> Markup:
        now = clock()
        return _time(at, times.ago(at, now, words.language), zone, relative=True)

    def at(moment: datetime) -> Markup:
        return _time(moment, times.clock(moment, clock(), zone), zone)

    environment.globals |= _speech(words) | {
        "language": words.language,
        "languages": LANGUAGES,
        "states": STATES,
        "zone": str(zone),
        "static": lambda name: f"/static/{name}?v={versions.get(name, '')}",
        "phrase": HTTPStatus,
    }
    filters: dict[str, Callable[..., Any]] = {
        "told": lambda said: words.tell(_dated(said, clock(), zone)) if isinstance(said, Said) else words.say(said),
        "ago": when,
        "at": at,
        "hhmm": lambda moment: f"{times.aware(moment).astimezone(zone):%H:%M}",
        "localday": lambda moment: f"{times.aware(moment).astimezone(zone):%Y-%m-%d}",
        "exact": lambda moment: times.exact(moment, zone),
        "span": lambda seconds: times.span(seconds, words.language),
        "state": _state,
        "rule_name": lambda name: words.say(name) if name in RULE_NAMES else name,
    }
    environment.filters |= filters
    return environment


def _speech(words: Words) -> dict[str, Any]:
    """What templates say in that language; words from outside come out escaped."""

    @lru_cache(4096)
    def plain(text: str) -> Markup:
        return Markup(words.say(text))  # noqa: S704

    def say(text: str, /, **params: Any) -> Markup:
        if not params:
            return plain(text)
        return Markup(words.say(text, **{name: escape(value) for name, value in params.items()}))  # noqa: S704

    @lru_cache(4096)
    def chip(name: str) -> Markup:
        state = _state(name)
        return _CHIP.format(state.tone, plain(state.word))

    def count(text: str, n: int, /, **params: Any) -> Markup:
        return Markup(words.count(text, n, **{name: escape(value) for name, value in params.items()}))  # noqa: S704

    return {"_": say, "_n": count, "state_chip": chip}


def _dated(said: Said, now: datetime, zone: tzinfo) -> Said:
    """The sentence with its times as people read them."""
    shown = {
        name: times.clock(value, now, zone) if isinstance(value, datetime) else value
        for name, value in said.params.items()
    }
    return Said(said.text, shown)


def _state(name: str) -> State:
    return STATES.get(name, State(name, "away"))


def _time(moment: datetime, text: str, zone: tzinfo, *, relative: bool = False) -> Markup:
    mark = Markup(" data-ago") if relative else Markup("")
    iso, exact = times.aware(moment).isoformat(), times.exact(moment, zone)
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(iso, exact, mark, text)
