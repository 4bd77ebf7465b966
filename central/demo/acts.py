"""What people do at a locker, done by the robot: through the real API, and with hands at the emulated devices."""

from datetime import timedelta
from typing import Any

from central.clock import utc_now
from central.demo.court import CABINET, PASSWORD
from central.demo.eyes import Hands, StepFailed, Visitor, until
from central.demo.stage import Stage

WALL, READER, PRINTER = "wall-a", "reader-a", "slip-a"


def put_away(clerk: Visitor, hands: Hands, barcode: str) -> Any:
    """Deposit a labelled volume: scan it at the locker, shut the door that opens; gives the move as it ended."""
    move = clerk.post("/deposits", volume=barcode, cabinet=CABINET)
    hands.push(READER, "scan", code=barcode)
    return _through_the_door(clerk, hands, move)


def take_out(clerk: Visitor, hands: Hands, barcode: str, holder: str) -> Any:
    """Hand a stored volume out: the cell opens, shut its door; gives the move as it ended."""
    return _through_the_door(clerk, hands, clerk.post("/hand-outs", volume=barcode, holder=holder))


def wait_for_the_locker(clerk: Visitor) -> None:
    """Return once central knows every door of the locker as shut. Raises StepFailed."""

    def all_shut() -> bool:
        return all(cell["door"] == "shut" for cell in clerk.get(f"/cabinets/{CABINET}")["cells"])

    until("every door to be known as shut", all_shut)


def ref_of(court: Stage, login: str) -> str:
    """How requests name that person."""
    with Visitor(court.url, login, PASSWORD) as person:
        ref: str = person.get("/me")["ref"]
        return ref


def live_in(court: Stage) -> None:
    """Let some volumes lie in the locker, one be reserved and one be out, as in a court that works."""
    hands, judge = Hands(court.emulators), ref_of(court, "judge")
    with Visitor(court.url, "clerk", PASSWORD) as clerk:
        wait_for_the_locker(clerk)
        for serial in range(2, 7):
            put_away(clerk, hands, f"HS-{serial:04}-1")
        take_out(clerk, hands, "HS-0002-1", judge)
        due = (utc_now() + timedelta(days=7)).isoformat()
        clerk.post("/reservations", volume="HS-0003-1", holder=judge, due=due)


def _through_the_door(clerk: Visitor, hands: Hands, move: Any) -> Any:
    """Wait for the cell to open, shut its door by hand, and wait for custody to move."""
    path = f"/moves/{move['id']}"
    opened = until("the door to be seen open", lambda: _in_state(clerk, path, "OPENED", "LEFT_OPEN"))
    door = int(opened["cell"].rpartition("-")[2])
    if hands.look(WALL)["doors"][str(door)] != "open":
        raise StepFailed(f"central says {opened['cell']} is open, but its door is shut")
    hands.push(WALL, "shut", cell=door)
    return until("custody to move", lambda: _in_state(clerk, path, "COMMITTED"))


def _in_state(clerk: Visitor, path: str, *states: str) -> Any:
    move = clerk.get(path)
    if move["ended_at"] and move["state"] not in states:
        raise StepFailed(f"the move ended as {move['state']}: {move['message']}")
    return move if move["state"] in states else None
