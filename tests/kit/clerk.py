"""A furnished court and a clerk in it, at central's REST API."""

from typing import Any

import httpx

from central.cli.works import courtroom
from central.demo.court import CABINET, furnish
from central.people.service import issue_token, person_by_login
from devices.journal import read_line
from tests.kit.installation import Box, Installation
from tests.kit.process import until


class Clerk:
    """Acts by a token; `person` is how lines name them. The court must be founded, and is furnished here."""

    def __init__(self, court: Installation) -> None:
        self._http = court.http
        with courtroom(court.home) as opened:
            furnish(opened)
            with opened.store.write() as session:
                person = person_by_login(session, "clerk")
                assert person is not None
                _, token = issue_token(session, person.actor, person, "life test", "clerk", opened.clock())
                self.person = person.ref
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        """What stands at `/api/v1` + path."""
        return self._taken(self._http.get(f"/api/v1{path}", headers=self.headers))

    def post(self, path: str, **told: Any) -> Any:
        """The answer to this."""
        return self._taken(self._http.post(f"/api/v1{path}", json=told, headers=self.headers))

    def custody(self, volume: str) -> tuple[str, str | None]:
        """State and holder of a volume."""
        standing = self.get(f"/volumes/{volume}")
        return standing["state"], standing["holder"]

    def deposit(self, court: Installation, box: Box, volume: str) -> int:
        """Put a volume into the locker, door and all; gives the cell."""
        doors = f"/cabinets/{CABINET}"
        until("every door is known", lambda: all(cell["door"] == "shut" for cell in self.get(doors)["cells"]))
        move = self.post("/deposits", volume=volume, cabinet=CABINET, scanned=True)
        cell = int(move["cell"].rpartition("-")[2])
        through_the_door(court, box, cell)
        until("custody moves", lambda: self.get(f"/moves/{move['id']}")["state"] == "COMMITTED")
        return cell

    @staticmethod
    def _taken(answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.request.url.path}: {answer.status_code} {answer.text}"
        return answer.json()


def through_the_door(court: Installation, box: Box, cell: int) -> None:
    """Wait until the door has sprung open and the gateway has seen it, then shut it."""
    until(f"cell {cell} opens", lambda: court.look(box, box.wall)["doors"][str(cell)] == "open")
    until("it is seen", lambda: _is_open(court, box, cell))
    court.hand(box, box.wall, "shut", cell=cell)
    until("it is seen shut", lambda: not _is_open(court, box, cell))


def _is_open(court: Installation, box: Box, cell: int) -> bool:
    """As the gateway saw it last."""
    lines = [read_line(raw) for _, raw in court.journal(box)]
    seen = [line.body["door"] for line in lines if line.type == "door_changed" and line.body["cell"] == cell]
    return bool(seen) and seen[-1] == "open"
