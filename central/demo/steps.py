"""The main job, step by step, without a person: each step proves what it claims and gives its proof in a line."""

import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from central.clock import utc_now
from central.demo.court import CABINET, FIRST_BARCODE, GATEWAY, PASSWORD
from central.demo.eyes import Hands, StepFailed, Visitor, until
from central.demo.stage import Stage

WALL, READER, PRINTER = "wall-a", "reader-a", "slip-a"
_UNLOCK = "31"  # the board's command byte, devices.md 1a


def deposit(court: Stage) -> str:
    """A clerk deposits a labelled volume: scan, the cell opens, the door is shut, custody moves, a receipt prints."""
    hands = Hands(court.emulators)
    with Visitor(court.url, "clerk", PASSWORD) as clerk:
        until("every door to be known as shut", lambda: _all_shut(clerk))
        move = clerk.post("/deposits", volume=FIRST_BARCODE, cabinet=CABINET)
        hands.push(READER, "scan", code=FIRST_BARCODE)
        done = _through_the_door(clerk, hands, move)
        _stands(clerk, "STORED")
        rows = until("a receipt", lambda: _receipt(hands, FIRST_BARCODE))
        return f"{FIRST_BARCODE} is in {done['cell']}; {WALL} heard {_unlocked(hands)}; {PRINTER} printed {rows[0]!r}"


def hand_out(court: Stage) -> str:
    """The clerk hands it out to a judge: the cell opens, the door is shut, the judge has it."""
    hands = Hands(court.emulators)
    with Visitor(court.url, "judge", PASSWORD) as judge:
        holder = judge.get("/me")["ref"]
    with Visitor(court.url, "clerk", PASSWORD) as clerk:
        move = clerk.post("/hand-outs", volume=FIRST_BARCODE, holder=holder)
        done = _through_the_door(clerk, hands, move)
        standing = _stands(clerk, "OUT")
        if standing["holder"] != holder:
            raise StepFailed(f"{FIRST_BARCODE} is with {standing['holder']}, not with {holder}")
        proof = clerk.get(f"/volumes/{FIRST_BARCODE}/chain")[-1]["proof"][-1]
        return (
            f"{FIRST_BARCODE} left {done['cell']} and is with {holder}; "
            f"{proof['gateway']} line {proof['seq']}, {proof['type']}, sha256 {proof['hash'][:12]}"
        )


def verify(court: Stage) -> str:
    """Today's export is proven by a process that never saw the court, and one flipped byte is found and located."""
    today = utc_now().astimezone(court.settings.zone).date()
    file = court.settings.home / f"{today}.zip"
    _central("export", "--home", str(court.settings.home), "--day", str(today), str(file))
    said = _central("verify", str(file), "--root", court.root)
    if not said.startswith("OK\n"):
        raise StepFailed(f"the export does not verify: {said}")
    spoilt = file.with_stem(f"{file.stem}-spoilt")
    number = _flip_a_byte(file, spoilt)
    found = _central("verify", str(spoilt), "--root", court.root, code=1)
    if f"line {number} " not in found:
        raise StepFailed(f"line {number} was altered, and verify says: {found}")
    return f"{said.splitlines()[-1]}: OK; one byte flipped: {found.splitlines()[1].strip()}"


STEPS: Mapping[str, Callable[[Stage], str]] = {"deposit": deposit, "handout": hand_out, "verify": verify}
"""In the order in which they build on one another."""


def _through_the_door(clerk: Visitor, hands: Hands, move: Any) -> Any:
    """Wait for the cell to open, shut its door by hand, and wait for custody to move; gives the move as it ended."""
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


def _stands(clerk: Visitor, state: str) -> Any:
    standing = clerk.get(f"/volumes/{FIRST_BARCODE}")
    if standing["state"] != state:
        raise StepFailed(f"{FIRST_BARCODE} is {standing['state']}, not {state}")
    return standing


def _all_shut(clerk: Visitor) -> bool:
    return all(cell["door"] == "shut" for cell in clerk.get(f"/cabinets/{CABINET}")["cells"])


def _receipt(hands: Hands, barcode: str) -> list[str] | None:
    receipts: list[list[str]] = hands.look(PRINTER)["receipts"]
    return next((rows for rows in reversed(receipts) if any(barcode in row for row in rows)), None)


def _unlocked(hands: Hands) -> str:
    frames = [frame for frame in hands.heard(WALL) if frame.split()[2:3] == [_UNLOCK]]
    if not frames:
        raise StepFailed(f"no byte asked {WALL} to open")
    return frames[-1]


def _flip_a_byte(whole: Path, spoilt: Path) -> int:
    """Copy an export with one bit of one line of the locker changed; gives the line's number."""
    number = 0
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(spoilt, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.startswith(f"books/{GATEWAY}/") and name.endswith("/lines") and not number:
                lines = data.split(b"\n")
                number = len(lines) // 2
                line = bytearray(lines[number - 1])
                line[line.index(b'"mono_ms":') + len('"mono_ms":')] ^= 1
                lines[number - 1] = bytes(line)
                data = b"\n".join(lines)
            target.writestr(name, data)
    return number


def _central(*arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "central", *arguments], capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode != code:
        raise StepFailed(f"{arguments[0]} ended with {done.returncode}: {done.stdout} {done.stderr}")
    return done.stdout
