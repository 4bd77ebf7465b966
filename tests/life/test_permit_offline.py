"""With central and broker gone a permit still opens its cell, once; what happened reaches custody afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.journal import Line, read_line
from tests.kit.clerk import Clerk, through_the_door
from tests.kit.installation import Box, Installation, small_court
from tests.kit.process import until

VOLUME = "HS-0001-1"


@pytest.fixture
def court(tmp_path: Path) -> Iterator[Installation]:
    with small_court(tmp_path / "court", "locker-a") as court:
        yield court


def lines(court: Installation, box: Box, type_: str) -> list[Line]:
    journal = [read_line(raw) for _, raw in court.journal(box)]
    return [line for line in journal if line.type == type_]


@pytest.mark.long  # the browser's test of a permit while central is down goes the same way, by PIN
def test_a_bearer_permit_opens_its_cell_once_while_central_is_down(court: Installation) -> None:
    box, clerk = court.boxes["locker-a"], Clerk(court)
    cell = clerk.deposit(court, box, VOLUME)
    permit = clerk.post("/permits", volume=VOLUME, holder=clerk.person, bearer=True)
    releases = court.look(box, box.wall)["releases"]
    assert clerk.custody(VOLUME) == ("STORED", None)

    court.kill9("central", "broker")
    court.scan(box, permit["token"])
    through_the_door(court, box, cell)
    court.scan(box, permit["token"])
    until("it is refused", lambda: refusals(court, box) == ["repeated"])

    court.start("broker", "central")
    until("custody moves", lambda: clerk.custody(VOLUME) == ("OUT", clerk.person))
    assert clerk.get(f"/permits/{permit['id']}")["state"] == "USED"
    until("its second use is an alarm", lambda: ("permit_repeated", f"permit:{permit['id']}") in court.alarms())
    assert not [subject for kind, subject in court.alarms() if kind in ("door_unasked", "poison")]

    court.kill9(box.gateway)
    court.start(box.gateway)
    until("it is refused after a restart too", lambda: shown_again(court, box, permit["token"]) == "repeated")
    assert [line.cause for line in lines(court, box, "permit_used")] == [permit["id"]]
    assert court.look(box, box.wall)["releases"] == releases | {str(cell): releases[str(cell)] + 1}
    assert not any(permit["token"].encode() in raw for _, raw in court.journal(box))


def refusals(court: Installation, box: Box) -> list[str]:
    return [str(line.body["why"]) for line in lines(court, box, "permit_refused")]


def shown_again(court: Installation, box: Box, token: str) -> str:
    """Why it is refused, once the reader, just switched on, takes it; no time is trusted before central is heard."""
    before = len(refusals(court, box))
    until("it is read", lambda: court.scan(box, token) and len(refusals(court, box)) > before)
    return refusals(court, box)[-1]
