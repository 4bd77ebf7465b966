"""Documents that gateways are to have: agenda, configuration. Their list is signed and stands at the broker."""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from central.fleet.facts import DocumentDesired
from central.fleet.tables import DesiredDocument, Gateway
from central.ledger.own import Pen, record
from central.link import Link, Post
from central.store import Store, tell, wake
from devices.claims import DesiredClaims, Document
from devices.grants import sign
from devices.topics import GatewayTopics, checked_name

CONFIG = "config"
"""The document that is a gateway's configuration."""
SOFTWARE = "software"
"""The document that names a release of a gateway's software."""
MODEL, LOGO = "model", "logo"
"""The documents that bring a speech model, or a picture for the head of receipts."""
DESIRED = "desired"
"""Woken when a gateway is to have another document."""


def desire(
    session: Session, gateway: Gateway, name: str, sha256: str, now: datetime, *, actor: str | None = None
) -> DesiredDocument:
    """From now on the gateway is to have this blob as its document of that name; nothing happens if it is so already.

    What it gave back it is asked to try again: its devices may be there by now.
    The blob must be durable before the transaction commits. Raises BadName.
    """
    last = current(session, gateway, checked_name(name))
    if last is not None and last.sha256 == sha256 and last.state != "refused":
        return last
    # Not just the next number: a court restored from a backup must not fall behind what its gateways have seen.
    version = max(int(now.timestamp()), last.version + 1 if last else 1)
    document = DesiredDocument(
        gateway_id=gateway.id, name=name, version=version, sha256=sha256, desired_at=now, by=actor
    )
    # Central's book is locked first, so that who is numbered later commits later: an `Announcer` looks no further back.
    record(session, DocumentDesired(gateway=gateway.name, name=name, version=version, sha256=sha256), actor=actor)
    session.add(document)
    session.flush()
    tell(session, f"gateway:{gateway.name}")
    wake(session, DESIRED)
    return document


def current(session: Session, gateway: Gateway, name: str) -> DesiredDocument | None:
    """The gateway's document of that name."""
    found = select(DesiredDocument).where(DesiredDocument.gateway_id == gateway.id, DesiredDocument.name == name)
    return session.scalars(found.order_by(DesiredDocument.version.desc()).limit(1)).one_or_none()


def newest(session: Session, gateway: Gateway, names: Sequence[str]) -> Sequence[DesiredDocument]:
    """Those of these documents that the gateway has, in this order."""
    own = (DesiredDocument.gateway_id == gateway.id, DesiredDocument.name.in_(names))
    last = select(DesiredDocument.name, func.max(DesiredDocument.version).label("version")).where(*own)
    of = last.group_by(DesiredDocument.name).subquery().c
    found = select(DesiredDocument).join(
        of.name.table, and_(of.name == DesiredDocument.name, of.version == DesiredDocument.version)
    )
    return sorted(session.scalars(found.where(*own)), key=lambda document: names.index(document.name))


def told(session: Session, gateway: Gateway, name: str, version: int, state: str, at: datetime, why: str = "") -> None:  # noqa: PLR0913
    """What a box said of one version of a document."""
    found = select(DesiredDocument).where(
        DesiredDocument.gateway_id == gateway.id, DesiredDocument.name == name, DesiredDocument.version == version
    )
    document = session.scalars(found).one_or_none()
    if document is not None:
        document.state, document.why, document.told_at = state, why, at


def posts(session: Session, pen: Pen, *, after: int = 0) -> Iterable[Post]:
    """The signed list of each gateway that got a document numbered above `after`, to stand at the broker."""
    fresh = select(DesiredDocument.gateway_id).where(DesiredDocument.id > after)
    newest = (
        select(DesiredDocument.gateway_id, DesiredDocument.name, func.max(DesiredDocument.version).label("version"))
        .where(DesiredDocument.gateway_id.in_(fresh))
        .group_by(DesiredDocument.gateway_id, DesiredDocument.name)
        .subquery()
    )
    found = (
        select(Gateway.name, DesiredDocument)
        .join(Gateway, Gateway.id == DesiredDocument.gateway_id)
        .join(
            newest,
            (newest.c.gateway_id == DesiredDocument.gateway_id)
            & (newest.c.name == DesiredDocument.name)
            & (newest.c.version == DesiredDocument.version),
        )
        .where(Gateway.state == "active")
    )
    lists: dict[str, dict[str, Document]] = {}
    for gateway, document in session.execute(found):
        listed = lists.setdefault(gateway, {})
        listed[document.name] = Document(sha256=document.sha256, version=document.version)
    return [_post(pen, gateway, listed) for gateway, listed in lists.items()]


class Announcer:
    """Brings lists to the broker as documents are desired; those that stand there already are not sent again."""

    def __init__(self, store: Store, pen: Pen, link: Link) -> None:
        self._store, self._pen, self._link = store, pen, link
        self._last = 0
        self._turn = threading.Lock()

    def announce(self) -> None:
        """Post the list of each gateway whose documents changed since the last call."""
        with self._turn:  # two at once could leave the older list standing
            with self._store.read() as session:
                newest = session.scalar(select(func.max(DesiredDocument.id))) or 0
                changed = posts(session, self._pen, after=self._last)
            for post in changed:
                self._link.post(post)
            self._last = newest


def _post(pen: Pen, gateway: str, documents: dict[str, Document]) -> Post:
    claims = DesiredClaims(iss=pen.court, aud=gateway, iat=int(pen.clock().timestamp()), documents=documents)
    return Post(
        GatewayTopics(pen.court, gateway).desired,
        sign("desired", claims.write(), pen.key, pen.kid, pen.introduction),
        retain=True,
    )
