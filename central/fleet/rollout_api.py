"""REST: roll-outs and invitations, begun and followed by programs of whoever may change gateways."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.fleet import configuration, rollout, rollout_pages, service
from central.fleet.pages import invited
from central.fleet.rollout_pages import Chosen
from central.fleet.tables import Gateway, Invite, Rollout, RolloutBox
from central.people.auth import needs
from central.people.roles import Actor
from central.store import newest
from central.web.here import Now, StoreOf, store_of
from central.web.rest import After, In, Limit, Out

router = APIRouter(prefix="/api/v1", tags=["fleet"])

Keeper = Annotated[Actor, Depends(needs("fleet.write"))]


class RolloutOut(Out):
    """One change brought to many gateways, wave after wave."""

    id: int
    title: str
    document: str = Field(description="config, software, model or logo.")
    patch: str = Field(description="What it changes of configurations; empty for another document.")
    state: str = Field(description="running, paused, done or stopped.")
    why: str = Field(description="What it was paused for.")
    made_at: datetime
    by: str
    gateways: int
    kept: int = Field(description="Gateways that have it.")


class RolloutGatewayOut(Out):
    """How far one gateway of a roll-out is."""

    id: int
    gateway: str
    wave: int
    state: str = Field(description="waiting, sent, kept, refused, late or skipped.")
    why: str
    sent_at: datetime | None


class _For(In):
    gateways: list[str] = Field(default=[], max_length=10_000, description="By name.")
    group: str = Field(default="", max_length=60, description="`tag:NAME`, `floor:NAME` or `all`, besides those named.")

    @property
    def chosen(self) -> Chosen:
        """Whom it is for."""
        return Chosen(self.gateways, self.group)


class PatchIn(_For):
    """A change of configurations."""

    title: str = Field(max_length=120)
    patch: str = Field(max_length=configuration.LONGEST, description="YAML laid over each configuration (RFC 7396).")


class ReleaseIn(_For):
    """A release of the gateways' software that was taken in."""

    release: str = Field(max_length=32)


class FilesIn(_For):
    """A speech model or a logo that was taken in."""

    files: int = Field(description="Its number.")


class StepIn(In):
    """What becomes of it."""

    to: Literal["running", "paused", "stopped"] = Field(
        description="`running` passes over those that failed; `stopped` is for good."
    )


class InvitationOut(Out):
    """An invitation to enrol under a name."""

    id: int
    gateway: str
    replaces: bool
    expires_at: datetime
    used_at: datetime | None


class InvitationIn(In):
    """Whom to let in."""

    gateway: str = Field(max_length=48, description="The name it is to have.")
    like: str = Field(default="", max_length=48, description="The gateway whose configuration it gets at first.")
    replaces: bool = Field(default=False, description="It takes over name and place of the one that has them.")


class InvitedOut(Out):
    """What the box is told, this once."""

    token: str
    url: str
    expires_at: datetime


@router.get("/rollouts")
def rollouts(store: StoreOf, _: Keeper, limit: Limit = 50, after: After = None) -> list[RolloutOut]:
    """Roll-outs, newest first."""
    with store.read() as session:
        found = session.scalars(newest(select(Rollout), Rollout.id, limit, after)).all()
        far = rollout.progress(session, [each.id for each in found])
        return [_rollout(each, far[each.id]) for each in found]


@router.get("/rollouts/{number}")
def one_rollout(store: StoreOf, _: Keeper, number: int) -> RolloutOut:
    """One roll-out."""
    with store.read() as session:
        return _told(session, rollout.one(session, number))


@router.get("/rollouts/{number}/gateways")
def rollout_gateways(
    store: StoreOf, _: Keeper, number: int, limit: Limit = 50, after: After = None
) -> list[RolloutGatewayOut]:
    """Its gateways in the order of their turns."""
    box = (RolloutBox.id, Gateway.name.label("gateway"), RolloutBox.wave, RolloutBox.state, RolloutBox.why)
    some = select(*box, RolloutBox.sent_at).join(Gateway).where(RolloutBox.rollout_id == number)
    some = some.where(RolloutBox.id > (after or 0)).order_by(RolloutBox.id).limit(limit)
    with store.read() as session:
        rollout.one(session, number)
        return [RolloutGatewayOut.of(row) for row in session.execute(some)]


@router.post("/rollouts", status_code=201)
def roll_out_change(request: Request, by: Keeper, now: Now, told: PatchIn) -> RolloutOut:
    """Begin to change configurations, once every gateway can have the change."""
    made = rollout_pages.changed(request, told.title, told.patch, told.chosen, now, actor=by.ref)
    return _begun(request, made)


@router.post("/rollouts/software", status_code=201)
def roll_out_release(request: Request, by: Keeper, now: Now, told: ReleaseIn) -> RolloutOut:
    """Begin to bring a release of the software."""
    return _begun(request, rollout_pages.released(request, told.release, told.chosen, now, actor=by.ref))


@router.post("/rollouts/files", status_code=201)
def roll_out_files(request: Request, by: Keeper, now: Now, told: FilesIn) -> RolloutOut:
    """Begin to bring a speech model or a logo."""
    return _begun(request, rollout_pages.equipped(request, told.files, told.chosen, now, actor=by.ref))


@router.post("/rollouts/{number}/steps")
def step_rollout(store: StoreOf, by: Keeper, number: int, told: StepIn) -> RolloutOut:
    """Let it go on, pause it, or stop it."""
    with store.write() as session:
        found = rollout.one(session, number)
        rollout.go_on(session, found, told.to, actor=by.ref)
        return _told(session, found)


@router.get("/invitations")
def invitations(store: StoreOf, _: Keeper, limit: Limit = 50, after: After = None) -> list[InvitationOut]:
    """Invitations, newest first, without their tokens."""
    of = (Invite.id, Invite.gateway, Invite.replaces, Invite.expires_at, Invite.used_at)
    with store.read() as session:
        return [InvitationOut.of(row) for row in session.execute(newest(select(*of), Invite.id, limit, after))]


@router.post("/invitations", status_code=201)
def invite(request: Request, by: Keeper, now: Now, told: InvitationIn) -> InvitedOut:
    """Invite one box to enrol under this name, once."""
    token = invited(request, told.gateway, told.like, now, replaces=told.replaces, actor=by.ref)
    return InvitedOut(token=token, url=request.app.state.public_url, expires_at=now + service.INVITE_LIFE)


def _begun(request: Request, made: Rollout) -> RolloutOut:
    with store_of(request).read() as session:
        return _told(session, made)


def _told(session: Session, found: Rollout) -> RolloutOut:
    return _rollout(found, rollout.progress(session, [found.id])[found.id])


def _rollout(found: Rollout, far: rollout.Progress) -> RolloutOut:
    return RolloutOut.of(found, gateways=far.boxes, kept=far.kept)
