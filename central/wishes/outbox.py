"""The wishes that wait, as the link wants them: signed, addressed, worthless after their time."""

from collections.abc import Sequence

from central.ledger.own import Pen
from central.link import Post
from central.store import Store
from central.wishes.service import mark_sent, pending, token
from central.wishes.tables import WishRow
from devices.topics import GatewayTopics


class WishOutbox:
    """Keeps `central.link.Outbox` over the table of wishes; signs when sending, so no token lies in the database."""

    def __init__(self, store: Store, pen: Pen) -> None:
        self._store = store
        self._pen = pen

    def due(self) -> Sequence[Post]:
        """What has not been sent and still lives, oldest first."""
        with self._store.read() as session:
            rows = pending(session, self._pen.clock())
        return [
            Post(
                GatewayTopics(self._pen.court, row.gateway).wish,
                token(row, self._pen),
                expires=row.expires_at,
                ref=row.jti,
            )
            for row in rows
        ]

    def sent(self, posts: Sequence[Post]) -> None:
        """The broker has taken these."""
        with self._store.write() as session:
            mark_sent(session, [post.ref for post in posts], self._pen.clock())

    def _post(self, row: WishRow) -> Post:
        topic = GatewayTopics(self._pen.court, row.gateway).wish
        return Post(topic, token(row, self._pen), expires=row.expires_at, ref=row.jti)
