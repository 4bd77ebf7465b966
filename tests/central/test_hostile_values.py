"""Every parameter, field and member there is, given what no person would write: refused in words, no fault of ours."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from central.app import create_app
from central.people import sessions
from central.people.roles import ROLES
from central.people.service import SYSTEM, add_person, hash_password, set_password
from central.web.session import COOKIE, FORM_HEADER, csrf_of
from tests.central.courtroom import Courtroom
from tests.central.desk import desk
from tests.central.locker import BOX, START, WALL, Locker
from tests.central.test_app import installed

TEXTS = ("9" * 5000, "²", "\0", "{0.a}", "0001-01-01")
LONG = "x" * 60_000
PLAIN: tuple[object, ...] = ("\ud800", "\0{0.a}", 10**30, ["\ud800"], {"a": []})
KNOWN: Mapping[str, str] = {
    "gateway": BOX,
    "device": WALL,
    "barcode": "HS-0001",
    "volume": "HS-0001",
    "cabinet": "A",
    "what": "label",
    "event": "deposit",
    "kind": "people",
    "key": "case.archive",
    "name": "A",
}
"""What leads on to where the value itself is looked at; anything else is 1."""
STREAMS = ("/live", "/stream", "/log")
PASSWORD = "correct horse battery"


def written(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")


def all_of(dependant: Dependant, kind: str) -> Iterator[Any]:
    yield from getattr(dependant, kind)
    for each in dependant.dependencies:
        yield from all_of(each, kind)


def fields(dependant: Dependant) -> Mapping[str, str]:
    """A form's fields, each with something in it."""
    found = dict[str, str]()
    for param in all_of(dependant, "body_params"):
        model = param.field_info.annotation
        is_model = isinstance(model, type) and issubclass(model, BaseModel)
        found |= {name: KNOWN.get(name, "1") for name in (model.model_fields if is_model else (param.alias,))}
    return found


def member(schema: Mapping[str, Any], known: Mapping[str, Any], name: str = "") -> Any:
    """Something of that schema."""
    if "$ref" in schema:
        return member(known[schema["$ref"].rpartition("/")[2]], known, name)
    if "anyOf" in schema:
        return member(schema["anyOf"][0], known, name)
    if "properties" in schema:
        return {name: member(each, known, name) for name, each in schema["properties"].items()}
    kinds = {"integer": 1, "number": 1, "boolean": True, "object": {}, "array": [KNOWN.get(name, "1")]}
    return schema["enum"][0] if "enum" in schema else kinds.get(schema.get("type", ""), KNOWN.get(name, "1"))


def asked(app: FastAPI) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """(method, path, what is wrong there, request) of everything that can be asked wrongly, one thing at a time."""
    described = app.openapi()
    for context in iter_route_contexts(app.routes):
        path, route = context.path or "", context.original_route
        if not isinstance(route, APIRoute) or path.endswith(STREAMS):
            continue
        for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
            call = described["paths"].get(path, {}).get(method.lower(), {})
            schema = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            body = member(schema, described["components"]["schemas"]) if schema else {}
            for what, at, sent in wrongly(path, route.dependant, body):
                yield method, at, f"{path} {what}", sent


def wrongly(path: str, dependant: Dependant, body: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(what is wrong, path, request)."""
    known = {name: written(KNOWN.get(name, "1")) for name in re.findall(r"{(\w+)}", path)}
    form, at = fields(dependant), path.format(**known)
    sent: dict[str, Any] = {"content": json.dumps(body)} if body else {"data": form}
    for text in TEXTS:
        yield from ((name, path.format(**known | {name: written(text)}), sent) for name in known)
        yield from ((name, at, {"data": {**form, name: text}}) for name in form if not body)
    for param in all_of(dependant, "query_params"):
        yield from ((f"?{param.alias}", f"{at}?{param.alias}={written(text)}", sent) for text in (*TEXTS, LONG))
    for value in PLAIN:
        yield from ((name, at, {"content": json.dumps({**body, name: value})}) for name in body)


async def test_no_value_is_a_fault_of_ours(database: str, tmp_path: Path) -> None:
    broker, settings = installed(tmp_path)
    app = create_app(settings.model_copy(update={"database": database}), lambda: START)
    store = app.state.store
    room = Courtroom(Locker(store, broker.authority.signing_key, tmp_path / "blobs"))
    room.plan()
    with store.write() as session:
        everybody = add_person(session, SYSTEM, "all", "全部", list(ROLES), "", START)
        set_password(session, SYSTEM, everybody, hash_password(PASSWORD), START)

    def signed_in(client: httpx.AsyncClient) -> None:
        client.cookies.set(COOKIE, token := sessions.sign_in(store, "all", PASSWORD, START))
        cookie = f"{COOKIE}={token}".encode()
        client.headers[FORM_HEADER] = csrf_of(Request({"type": "http", "headers": [(b"cookie", cookie)]}))

    faults, count = set[tuple[str, str, object]](), 0
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://court.example") as client:
        signed_in(client)
        for method, at, what, sent in asked(app):
            answer = await client.request(method, at, **sent)
            count += 1
            if answer.status_code >= 500:
                faults.add((method, what, answer.status_code))
    store.close()
    assert count > 2000
    assert faults == set()


def test_digits_without_end_name_no_contact_and_no_time(locker: Locker) -> None:
    told = {"name": "夜班", "url": "json://localhost/night", "days": "12345", "begins": "22:00", "ends": "06:00"}
    with desk(locker) as at:
        at.sign_in("it")
        at.open("/alarms/rules")
        assert "不是时间" in at.send("/alarms/contacts", 422, **told | {"ends": f"{TEXTS[0]}:00"})
        assert "Apprise" in at.send("/alarms/contacts", 422, id=TEXTS[0], **told | {"url": ""})
