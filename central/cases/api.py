"""REST: cases, their parties and volumes."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from central.cases import service
from central.cases.tables import Case, Volume
from central.people.auth import needs
from central.people.roles import Actor
from central.web.here import Now, StoreOf

router = APIRouter(prefix="/api/v1", tags=["cases"])

Reader = Annotated[Actor, Depends(needs("case.read"))]
Writer = Annotated[Actor, Depends(needs("case.write"))]
Labeller = Annotated[Actor, Depends(needs("volume.label"))]


class PartyModel(BaseModel):
    """Somebody a case concerns."""

    model_config = ConfigDict(extra="forbid")

    part: str = Field(description="原告, 被告, 第三人, ...")
    name: str


class VolumeOut(BaseModel):
    """A volume; where it is stands under `/volumes/{volume}`."""

    id: int
    ref: str
    number: int
    secret: bool = Field(description="副卷: court staff only.")
    size: str
    barcode: str | None


class CaseOut(BaseModel):
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


class CaseIn(BaseModel):
    """A case to register."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(examples=["（2026）苏0206民初123号"])
    cause: str
    type: str | None = Field(default=None, description="Left out: as its number says.")
    received_on: date | None = None
    parties: list[PartyModel] = Field(default_factory=list)


class VolumeIn(BaseModel):
    """A volume to register."""

    model_config = ConfigDict(extra="forbid")

    number: int | None = Field(default=None, ge=1, description="Left out: the next one.")
    size: str = Field(default="M", description="S, M or L: the smallest cell it fits.")
    secret: bool = False
    barcode: str | None = None


class Barcode(BaseModel):
    """A barcode."""

    model_config = ConfigDict(extra="forbid")

    barcode: str


@router.get("/cases")
def cases(
    store: StoreOf,
    _: Reader,
    q: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[int | None, Query(description="`id` of the last case of the piece before.")] = None,
) -> list[CaseOut]:
    """Cases by number, cause, barcode or party, newest first."""
    with store.read() as session:
        return [case_out(case) for case in service.search(session, q, limit, after)]


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
        return case_out(case)


@router.get("/cases/{case}")
def one_case(store: StoreOf, _: Reader, case: int) -> CaseOut:
    """One case."""
    with store.read() as session:
        return case_out(service.find_case(session, case))


@router.post("/cases/{case}/volumes", status_code=201)
def register_volume(store: StoreOf, actor: Writer, now: Now, case: int, told: VolumeIn) -> VolumeOut:
    """Add a volume to a case."""
    with store.write() as session:
        found = service.find_case(session, case)
        return volume_out(service.register_volume(session, actor, found, now, **told.model_dump()))


@router.put("/volumes/{volume}/barcode")
def label(store: StoreOf, actor: Labeller, volume: int, told: Barcode) -> VolumeOut:
    """Put a barcode on a volume."""
    with store.write() as session:
        found = service.find_volume(session, volume)
        service.set_barcode(session, actor, found, told.barcode)
        return volume_out(found)


def case_out(case: Case) -> CaseOut:
    """A case as the API tells it."""
    return CaseOut(
        id=case.id,
        number=case.number,
        type=case.type,
        cause=case.cause,
        state=case.state,
        received_on=case.received_on,
        closed_on=case.closed_on,
        parties=[PartyModel(part=party.part, name=party.name) for party in case.parties],
        volumes=[volume_out(volume) for volume in case.volumes],
    )


def volume_out(volume: Volume) -> VolumeOut:
    """A volume as the API tells it."""
    return VolumeOut(
        id=volume.id,
        ref=volume.ref,
        number=volume.number,
        secret=volume.secret,
        size=volume.size,
        barcode=volume.barcode,
    )
