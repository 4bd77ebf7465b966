"""REST: cases, their parties and volumes."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from central.cases import service
from central.people.auth import needs
from central.people.roles import Actor
from central.web.here import Now, StoreOf
from central.web.rest import After, In, Limit, Out

router = APIRouter(prefix="/api/v1", tags=["cases"])

Reader = Annotated[Actor, Depends(needs("case.read"))]
Writer = Annotated[Actor, Depends(needs("case.write"))]
Labeller = Annotated[Actor, Depends(needs("volume.label"))]


class PartyModel(In):
    """Somebody a case concerns."""

    part: str = Field(description="原告, 被告, 第三人, ...")
    name: str


class VolumeOut(Out):
    """A volume; where it is stands under `/volumes/{barcode}`, which takes its `ref` too."""

    id: int
    ref: str
    number: int
    secret: bool = Field(description="副卷: court staff only.")
    size: str
    barcode: str | None


class CaseOut(Out):
    """A case with its parties and volumes."""

    id: int
    number: str
    type: str
    cause: str
    state: str
    received_on: date
    closed_on: date | None
    parties: list[PartyModel]
    volumes: list[VolumeOut]


class CaseIn(In):
    """A case to register."""

    number: str = Field(examples=["（2026）苏0206民初123号"])
    cause: str
    type: str | None = Field(default=None, description="Left out: as its number says.")
    received_on: date | None = None
    parties: list[PartyModel] = Field(default_factory=list)


class VolumeIn(In):
    """A volume to register."""

    number: int | None = Field(default=None, ge=1, description="Left out: the next one.")
    size: str = Field(default="M", description="S, M or L: the smallest cell it fits.")
    secret: bool = False
    barcode: str | None = None


class Barcode(In):
    """A barcode."""

    barcode: str


@router.get("/cases")
def cases(
    store: StoreOf,
    _: Reader,
    q: str = "",
    limit: Limit = 50,
    after: After = None,
) -> list[CaseOut]:
    """Cases by number, cause, barcode or party, newest first."""
    with store.read() as session:
        return [CaseOut.of(case) for case in service.search(session, q, limit, after)]


@router.post("/cases", status_code=201)
def register_case(store: StoreOf, actor: Writer, now: Now, told: CaseIn) -> CaseOut:
    """Register a case."""
    parties = [(party.part, party.name) for party in told.parties]
    with store.write() as session:
        case = service.register_case(
            session,
            actor,
            told.number,
            told.cause,
            parties,
            now,
            type_=told.type,
            received_on=told.received_on,
        )
        return CaseOut.of(case)


@router.get("/cases/{case}")
def one_case(store: StoreOf, _: Reader, case: int) -> CaseOut:
    """One case."""
    with store.read() as session:
        return CaseOut.of(service.find_case(session, case))


@router.post("/cases/{case}/volumes", status_code=201)
def register_volume(store: StoreOf, actor: Writer, now: Now, case: int, told: VolumeIn) -> VolumeOut:
    """Add a volume to a case."""
    with store.write() as session:
        found = service.find_case(session, case)
        return VolumeOut.of(service.register_volume(session, actor, found, now, **told.model_dump()))


@router.put("/volumes/{volume}/barcode")
def label(store: StoreOf, actor: Labeller, volume: int, told: Barcode) -> VolumeOut:
    """Put a barcode on a volume."""
    with store.write() as session:
        found = service.find_volume(session, volume)
        service.set_barcode(session, actor, found, told.barcode)
        return VolumeOut.of(found)
