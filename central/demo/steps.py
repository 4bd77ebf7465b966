"""The main job, step by step, without a person: each step proves what it claims and gives its proof in a line."""

import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from central.clock import utc_now
from central.demo.acts import PRINTER, WALL, put_away, ref_of, take_out, wait_for_the_locker
from central.demo.court import FIRST_BARCODE, GATEWAY, PASSWORD
from central.demo.eyes import Hands, StepFailed, Visitor, until
from central.demo.hearing import hearing
from central.demo.scan import scan
from central.demo.stage import Stage

_UNLOCK = "31"  # the board's command byte, devices.md 1a


def deposit(court: Stage) -> str:
    """A clerk deposits a labelled volume: scan, the cell opens, the door is shut, custody moves, a receipt prints."""
    hands = Hands(court.emulators)
    with Visitor(court.url, "clerk", PASSWORD) as clerk:
        wait_for_the_locker(clerk)
        cell = put_away(clerk, hands, FIRST_BARCODE)["cell"]
        _stands(clerk, "STORED")
    rows = until("a receipt", lambda: _receipt(hands, FIRST_BARCODE))
    receipt = ", ".join(row.strip() for row in rows if cell in row or FIRST_BARCODE in row)
    return f"{FIRST_BARCODE} is in {cell}; {WALL} heard {_unlocked(hands)}; {PRINTER} printed {receipt}"


def hand_out(court: Stage) -> str:
    """The clerk hands it out to a judge: the cell opens, the door is shut, the judge has it."""
    holder = ref_of(court, "judge")
    with Visitor(court.url, "clerk", PASSWORD) as clerk:
        cell = take_out(clerk, Hands(court.emulators), FIRST_BARCODE, holder)["cell"]
        standing = _stands(clerk, "OUT")
        steps = clerk.get(f"/volumes/{FIRST_BARCODE}/chain")[-1]["proof"]
    if standing["holder"] != holder:
        raise StepFailed(f"{FIRST_BARCODE} is with {standing['holder']}, not with {holder}")
    proof = next(step for step in reversed(steps) if step["gateway"] == GATEWAY)
    line = f"line {proof['seq']}, {proof['type']}, sha256 {proof['hash'][:12]}"
    return f"{FIRST_BARCODE} left {cell} and is with {holder}; proven by {GATEWAY} {line}"


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


STEPS: Mapping[str, Callable[[Stage], str]] = {
    "deposit": deposit,
    "handout": hand_out,
    "scan": scan,
    "hearing": hearing,
    "verify": verify,
}
"""In the order in which they build on one another."""


def _stands(clerk: Visitor, state: str) -> Any:
    standing = clerk.get(f"/volumes/{FIRST_BARCODE}")
    if standing["state"] != state:
        raise StepFailed(f"{FIRST_BARCODE} is {standing['state']}, not {state}")
    return standing


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
