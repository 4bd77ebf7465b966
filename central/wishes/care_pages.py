"""Remote help from the pages of the fleet, of one box or of many at once: by signed wishes, each in the ledger."""

from typing import Annotated, Any, Literal, cast
from urllib.parse import urlencode

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from sse_starlette import EventSourceResponse

from central.blobs import NoBlob, WrongBlob
from central.fleet.live_log import LiveLogs
from central.live import HEARTBEAT_S
from central.people.service import name_of
from central.web.here import Now, Reading, blobs_of, go, needs, pages, store_of
from central.web.look import page
from central.web.refused import Refused
from central.wishes import rounds, service
from devices.box import GATEWAY, SendDiagnostics, SetLogLevel

router = pages()

Reader = Annotated[Any, Depends(needs("fleet.read"))]
Keeper = Annotated[Any, Depends(needs("fleet.write"))]


@router.post("/care")
def care_for_many(
    request: Request,
    by: Keeper,
    now: Now,
    do: Annotated[Literal["test", "diagnostics", "rollout"], Form()],
    picked: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Ask the same of all that is picked, and go on to what became of each; for a roll-out, to its form."""
    if do == "rollout":
        boxes = dict.fromkeys(each.partition("/")[0] for each in picked or [])
        return go(f"/rollouts?{urlencode({'picked': list(boxes)}, doseq=True)}")
    with store_of(request).write() as session:
        made = rounds.begin(session, do, picked or [], now, actor=by.ref)
    return go(f"/rounds/{made.id}")


@router.get("/rounds/{number}")
def round_page(request: Request, by: Reader, session: Reading, number: int) -> HTMLResponse:
    """What became of each box or device that was asked."""
    found = rounds.one(session, number)
    outcomes = rounds.outcomes(session, found)
    return page(request, "wishes/round.html", round=found, outcomes=outcomes, actor=name_of(session, found.by))


@router.get("/wishes/{jti}/diagnostics")
def diagnostics(request: Request, by: Keeper, session: Reading, jti: str) -> Response:
    """How a box said it was, as JSON. Raises Refused while that is not here."""
    row = service.find(session, jti)
    sha256 = rounds.answers(session, [row]).get(jti, {}).get("sha256")
    try:
        if not isinstance(row.wish, SendDiagnostics) or sha256 is None:
            raise NoBlob(jti)
        content = blobs_of(request).get(sha256)
    except (NoBlob, WrongBlob) as error:
        raise Refused("诊断信息还没有传到中心，请稍后再看。", code="not_here_yet", status=404) from error
    headers = {"Content-Disposition": f"attachment; filename={row.gateway}-{jti}.json"}
    return Response(content, media_type="application/json", headers=headers)


@router.post("/care/{gateway}")
def care(
    request: Request,
    by: Keeper,
    now: Now,
    gateway: str,
    do: Annotated[Literal["test", "diagnostics"], Form()],
    device: Annotated[str, Form()] = "",
) -> Response:
    """Ask it, and go on to the wish's page, which says what became of it. Raises Refused while it is not there."""
    with store_of(request).write() as session:
        wish = rounds.wish_of(session, do, gateway, device)
        row = service.ask(session, gateway, GATEWAY, wish, by.ref, f"care:{do}", now)
    return go(f"/wishes/{row.jti}")


@router.post("/care/{gateway}/log")
def show_log(
    request: Request,
    by: Keeper,
    now: Now,
    gateway: str,
    level: Annotated[Literal["debug", "info", "warning"], Form()] = "info",
    seconds: Annotated[int, Form(ge=10, le=300)] = 60,
) -> Response:
    """Have a box show its log for a while; its page shows the lines as they come."""
    wish = SetLogLevel(level=level, seconds=seconds, live=True)
    with store_of(request).write() as session:
        rounds.reachable(session, gateway)
        row = service.ask(session, gateway, GATEWAY, wish, by.ref, "care:log", now)
    return go(f"/fleet/{gateway}?log={row.jti}#log")


@router.get("/care/{gateway}/log")
def log_stream(request: Request, by: Keeper, gateway: str) -> EventSourceResponse:
    """The lines of a box's log as they come."""
    logs = cast(LiveLogs, request.app.state.live_logs)
    return EventSourceResponse(logs.of(gateway), ping=HEARTBEAT_S)
