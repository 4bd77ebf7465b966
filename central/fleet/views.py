"""Views of the fleet map: a filter under a name, one's own or shared with the whole desk."""

from collections.abc import Sequence

from sqlalchemy import String, UniqueConstraint, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from central.store import Base
from central.web.refused import Refused

_LONGEST = 40


class MapView(Base):
    """A filter somebody saved; it says what to look for, never which gateways were found."""

    __tablename__ = "map_views"
    __table_args__ = (UniqueConstraint("owner", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    """Actor reference."""
    name: Mapped[str] = mapped_column(String(_LONGEST))
    shared: Mapped[bool]
    """Seen by everybody who sees the fleet."""
    query: Mapped[str] = mapped_column(String(400))
    """The filter, as it stands in the map's address."""


def seen_by(session: Session, owner: str) -> Sequence[MapView]:
    """One's own views and the shared ones, by name."""
    seen = select(MapView).where(or_(MapView.owner == owner, MapView.shared))
    return session.scalars(seen.order_by(MapView.name, MapView.id)).all()


def save(session: Session, name: str, query: str, *, owner: str, shared: bool) -> MapView:
    """Keep a filter under that name, in the place of one's own of the same name. Raises Refused (422): no name."""
    name = " ".join(name.split())[:_LONGEST]
    if not name:
        raise Refused("请给这个视图起个名字。", code="no_name", status=422)
    mine = select(MapView).where(MapView.owner == owner, MapView.name == name)
    view = session.scalars(mine).one_or_none() or MapView(owner=owner, name=name)
    view.query, view.shared = query, shared
    session.add(view)
    session.flush()
    return view


def remove(session: Session, number: int, *, owner: str, keeps_shared: bool) -> None:
    """Forget a view of one's own or, for who `keeps_shared` ones, a shared one. Raises Refused (404)."""
    view = session.get(MapView, number)
    if view is None or not (view.owner == owner or (view.shared and keeps_shared)):
        raise Refused("没有这个视图，或者它不归您管。", code="no_such_view", status=404)
    session.delete(view)
