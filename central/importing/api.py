"""REST: taking a CSV file in."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request

from central.importing import service
from central.importing.reading import decode
from central.people.auth import needs
from central.people.roles import Actor
from central.web import look
from central.web.here import Now, StoreOf
from central.web.rest import Out

router = APIRouter(prefix="/api/v1", tags=["import"])


class ProblemOut(Out):
    """What is wrong in one cell and what to write instead."""

    line: int
    column: str
    given: str
    message: str


class ChangeOut(Out):
    """What one row does."""

    line: int
    sort: str
    what: str


class ImportOut(Out):
    """What a file did, or would do."""

    applied: bool
    problems: list[ProblemOut]
    changes: list[ChangeOut]


@router.post("/imports/{kind}")
def take_in(  # noqa: PLR0913  (what FastAPI hands in)
    request: Request,
    store: StoreOf,
    actor: Annotated[Actor, Depends(needs("import"))],
    now: Now,
    kind: str,
    file: Annotated[bytes, Body(media_type="text/csv")],
    apply: bool = False,
) -> ImportOut:
    """Preview a file (people, cases, volumes, cabinets, cells), or with `apply` take it in whole or not at all."""
    text, words = decode(file), look.words(request)
    with store.write() as session:
        seen = (service.apply if apply else service.preview)(session, actor, kind, text, now)
    return ImportOut(
        applied=apply,
        problems=[
            ProblemOut.of(one, column=service.head_of(kind, one.column, words.language), message=words.tell(one.said))
            for one in seen.problems
        ],
        changes=[ChangeOut.of(one) for one in seen.changes],
    )
