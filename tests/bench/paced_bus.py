"""An RS-485 line in software on which bytes take as long as at 9600 baud: `NAME BOARDS LOCKS ROUNDS`.

A pty hands bytes over at once; here a question counts as heard only after the time its bytes would have taken, and
the answer is sent byte by byte. Prints `ready`, and at the end the seconds of a round.
"""

import json
import os
import pty
import select
import sys
import time
import tty
from pathlib import Path

from drivers.locks.board_8a.emulator import Emulator

BYTE_S = 10 / 9600
"""8N1: a byte is ten bits."""
_WARM = 1
"""The first round is not counted."""


def main() -> None:
    """Answer until every board was asked so often."""
    name, boards, locks, rounds = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    near, far = pty.openpty()
    tty.setraw(near)
    tty.setraw(far)
    name.symlink_to(os.ttyname(far))
    bus = [Emulator({"board": number, "cells": locks}) for number in range(1, boards + 1)]
    print("ready", flush=True)
    begun, asked = 0.0, 0
    while asked < boards * (rounds + _WARM):
        select.select([near], [], [])
        heard = time.monotonic()
        question = os.read(near, 4096)
        if asked == boards * _WARM:
            begun = heard
        answer = b"".join(board.feed(question) for board in bus)
        asked += bool(answer)
        due = heard + len(question) * BYTE_S
        for byte in answer:
            due += BYTE_S
            time.sleep(max(0.0, due - time.monotonic()))
            os.write(near, bytes((byte,)))
    select.select([near], [], [])
    print(json.dumps({"round_s": (time.monotonic() - begun) / rounds}), flush=True)


if __name__ == "__main__":
    main()
