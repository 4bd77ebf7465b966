"""The rules and their sources in the browser: everybody reads them, the administrator changes them."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from central.people.pages import Here
from central.people.roles import Actor
from central.people.service import name_of
from central.rules import service
from central.rules.rule import Rule
from central.rules.tables import RuleChange
from central.web.here import Now, Reading, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused

router = pages()

Keeper = Annotated[Actor, Depends(needs("rules.write"))]
AREAS: Mapping[str, str] = {"case": "案件", "custody": "卷宗保管", "dossier": "电子卷宗", "hearing": "庭审"}
"""Where rules belong, and what that is called."""


class RuleForm(BaseModel):
    """What is filled in to change a rule."""

    value: str = ""
    text: str | None = None
    source: str = ""
    checked: str = ""
    reason: str = ""


@router.get("/rules")
def rules(request: Request, by: Here, session: Reading, unchecked: bool = False) -> HTMLResponse:
    """Every rule with number, source, how sure it is, and who changed it; or only those to be checked."""
    every = service.every(session).values()
    shown = [rule for rule in every if not unchecked or rule.mark == "M"]
    groups = [(name, [rule for rule in shown if rule.rule.area == area]) for area, name in AREAS.items()]
    context: dict[str, Any] = {"groups": [group for group in groups if group[1]], "unchecked": unchecked}
    context |= {"left": sum(rule.mark == "M" for rule in every), "names": _names(session, (r.change for r in shown))}
    return page(request, "rules/rules.html", **context)


@router.get("/rules/{key}")
def one(request: Request, by: Here, session: Reading, key: str) -> HTMLResponse:
    """One rule, what was changed of it, and the form to change it."""
    return _rule(request, session, service.find(key))


@router.post("/rules/{key}")
def change(request: Request, by: Keeper, now: Now, key: str, form: Annotated[RuleForm, Form()]) -> Response:
    """Change it."""
    rule = service.find(key)
    try:
        with store_of(request).write() as session:
            service.change(session, by, rule, _wanted(rule, form), now)
    except Refused as refused:
        with store_of(request).read() as session:
            return _rule(request, session, rule, refused, form)
    return go(f"/rules/{key}")


@router.post("/rules/{key}/default")
def put_back(request: Request, by: Keeper, now: Now, key: str, form: Annotated[RuleForm, Form()]) -> Response:
    """As it was declared."""
    rule = service.find(key)
    try:
        with store_of(request).write() as session:
            service.put_back(session, by, rule, form.reason, now)
    except Refused as refused:
        with store_of(request).read() as session:
            return _rule(request, session, rule, refused)
    return go(f"/rules/{key}")


def _rule(
    request: Request, session: Session, rule: Rule, refused: Refused | None = None, form: RuleForm | None = None
) -> HTMLResponse:
    stands, history = service.in_force(session, rule), service.history(session, rule)
    source = str(stands.source or "")
    filled = form or RuleForm(
        value=str(stands.value), text=str(stands.text), source=source, checked="1" if stands.mark == "V" else ""
    )
    context: dict[str, Any] = {"rule": stands, "history": history, "names": _names(session, history), "form": filled}
    context |= {"area": AREAS[rule.area], "most": service.LONGEST, "refused": refused.said if refused else None}
    context["drawn_at"] = f"/rules/{rule.key}"
    return page(request, "rules/rule.html", refused.status if refused else 200, **context)


def _wanted(rule: Rule, form: RuleForm) -> service.Wanted:
    checked = bool(form.checked) if rule.mark == "M" else None
    if rule.term is None:
        return service.Wanted(None, form.text or "", form.source, checked, form.reason)
    try:
        value = int(form.value)
    except ValueError as error:
        raise Refused("“{value}”不是整数。", code="bad_number", status=422, value=form.value[:20]) from error
    return service.Wanted(value, None, form.source, checked, form.reason)


def _names(session: Session, changes: Iterable[RuleChange | None]) -> Mapping[str, str]:
    return {change.by: name_of(session, change.by) for change in changes if change is not None}
