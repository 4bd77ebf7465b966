"""The wishes that wait, as the link wants them. Those just asked for were handed to it at their commit."""

from collections.abc import Sequence

from central.ledger.own import Pen
from central.link import Post
from central.store import Store
from central.wishes.service import mark_sent, pending, post


class WishOutbox:
    """Keeps `central.link.Outbox` over the table of wishes; signs when sending, so no token lies in the database."""

    def __init__(self, store: Store, pen: Pen) -> None:
        self._store = store
        self._pen = pen

    def due(self) -> Sequence[Post]:
        """What has not been sent and still lives, oldest first."""
        with self._store.read() as session:
            rows = pending(session, self._pen.clock())
        return [post(row, self._pen) for row in rows]

    def sent(self, posts: Sequence[Post]) -> None:
        """The broker has taken these."""
        with self._store.write() as session:
            mark_sent(session, [post.ref for post in posts], self._pen.clock())
