"""REST: a gateway's configuration, read and changed by programs of whoever may change it: passwords stand in it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from central.fleet import configuration, documents
from central.fleet.service import gateway_of
from central.people.auth import needs
from central.people.roles import Actor
from central.web.here import Now, StoreOf, blobs_of
from central.web.rest import In, Out

router = APIRouter(prefix="/api/v1", tags=["fleet"])


class ConfigurationIn(In):
    """A gateway's file without `gateway`, `court` and `data`."""

    text: str = Field(max_length=configuration.LONGEST, description="YAML.")


class ConfigurationOut(Out):
    """What a gateway is to have, and what it said of it."""

    text: str
    version: int | None = Field(description="None while central has given it none.")
    state: str = Field(description="Empty until the gateway has taken it; tried, kept, refused.")
    why: str
    told_at: datetime | None


@router.get("/gateways/{gateway}/configuration")
def configuration_of(
    request: Request, store: StoreOf, _: Annotated[Actor, Depends(needs("fleet.write"))], gateway: str
) -> ConfigurationOut:
    """The configuration a gateway is to have."""
    with store.read() as session:
        found = gateway_of(session, gateway)
        wanted = documents.current(session, found, documents.CONFIG)
        text = configuration.text_of(session, blobs_of(request), found)
    if wanted is None:
        return ConfigurationOut(text=text, version=None, state="", why="", told_at=None)
    return ConfigurationOut.of(wanted, text=text)


@router.put("/gateways/{gateway}/configuration")
def put(
    request: Request,
    store: StoreOf,
    now: Now,
    by: Annotated[Actor, Depends(needs("fleet.write"))],
    gateway: str,
    told: ConfigurationIn,
) -> ConfigurationOut:
    """Have the gateway try this configuration."""
    with store.write() as session:
        found = gateway_of(session, gateway)
        made = configuration.publish(session, blobs_of(request), found, told.text, now, actor=by.ref)
    return ConfigurationOut.of(made, text=told.text)
