"""Pages are found by what was read on them."""

from typing import Any

from sqlalchemy import Connection, event

from central.dossiers.tables import Page
from central.grams import Grams

PAGES = Grams("page_grams", "page_id")


@event.listens_for(Page.__table__, "after_create")
def _create(_: Any, connection: Connection, **__: Any) -> None:
    PAGES.create(connection)
