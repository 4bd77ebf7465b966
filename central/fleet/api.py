"""The gateways' own door: enrolment, and who knocks."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Security
from fastapi.responses import PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from central import pki
from central.clock import Clock
from central.fleet import service
from central.settings import Settings
from central.store import Store
from central.web.refused import Refused
from devices.grants import BadToken

Knock = Callable[..., str]
"""A dependency that gives the name of the gateway that asks, by its token."""


_DESCRIBED = HTTPBearer(auto_error=False, scheme_name="gateway", description="A JWT of a gateway's own key.")


class EnrolRequest(BaseModel):
    """What a box sends to join: its invitation and a certificate request for a key it made itself."""

    model_config = ConfigDict(extra="ignore")

    token: str = Field(max_length=200)
    csr: str = Field(max_length=8192, description="PEM, Ed25519.")
    version: str = Field(default="", max_length=64)


class BrokerAddress(BaseModel):
    """Where the broker listens."""

    host: str
    port: int


class EnrolAnswer(BaseModel):
    """All a box needs to know of the court; see gateway/identity.py."""

    gateway: str
    court: str
    certificate: str = Field(description="PEM; its TLS client certificate.")
    ca: str = Field(description="PEM; the court's root.")
    central_keys: list[str] = Field(description="PEM; public keys of central's tokens.")
    broker: BrokerAddress
    permit_secret: str = Field(description="Base64.")
    central_url: str


class CertifyRequest(BaseModel):
    """A further key of a gateway that belongs to the court already."""

    csr: str = Field(max_length=8192, description="PEM, Ed25519.")


class CertifyAnswer(BaseModel):
    """Its certificate."""

    certificate: str


class Known(BaseModel):
    """As whom central knows the gateway that asks, with the key that signed the question."""

    gateway: str


def gateway_door(store: Store, court: str, clock: Clock) -> Knock:
    """The dependency that admits gateways in use by `Authorization: Bearer` and their own token."""

    def knock(given: Annotated[HTTPAuthorizationCredentials | None, Security(_DESCRIBED)]) -> str:
        try:
            if given is None:
                raise BadToken("unreadable", "no bearer token")
            with store.read() as session:
                return service.authenticate(session, given.credentials, court, clock()).name
        except BadToken as error:
            raise Refused("网关身份无法确认：{why}", code="unauthorized", status=401, why=str(error)) from error

    return knock


def fleet_api(store: Store, settings: Settings, authority: pki.Authority, knock: Knock, clock: Clock) -> APIRouter:
    """`GET /api/v1/root`, `POST /api/v1/enrol`, `POST` and `GET /api/v1/certify`."""
    router = APIRouter(prefix="/api/v1", tags=["gateways"])

    @router.get("/root", response_class=PlainTextResponse)
    def root() -> str:
        """The court's root certificate (PEM), which a box knows by its invitation."""
        return pki.pem(authority.root)

    @router.post("/enrol", status_code=201)
    def enrol(request: EnrolRequest) -> EnrolAnswer:
        """Enrol a box with its one-time invitation."""
        with store.write() as session:
            enrolled = service.enrol(session, request.token, request.csr, request.version, authority, clock())
        return EnrolAnswer(
            gateway=enrolled.gateway.name,
            court=settings.court,
            certificate=pki.pem(enrolled.certificate),
            ca=pki.pem(authority.root),
            central_keys=[authority.signing_public_pem],
            broker=BrokerAddress(host=settings.broker.host, port=settings.broker.port),
            permit_secret=service.permit_secret_text(enrolled.gateway),
            central_url=settings.public_url,
        )

    @router.post("/certify", status_code=201)
    def certify(request: CertifyRequest, gateway: Annotated[str, Depends(knock)]) -> CertifyAnswer:
        """Certify a further key of the gateway that asks, before its journal hands over to it."""
        with store.write() as session:
            known = service.gateway_of(session, gateway)
            certificate = service.certify_next(session, known, request.csr, authority, clock())
        return CertifyAnswer(certificate=pki.pem(certificate))

    @router.get("/certify")
    def certified(gateway: Annotated[str, Depends(knock)]) -> Known:
        """Tell a gateway that the key it asks with is good: it proves a new one before it lets the old one go."""
        return Known(gateway=gateway)

    return router
