"""`make bench`: every figure in one run, printed and in `build/bench.json`. `--lines N` sets the backlog's length."""

import argparse
import tempfile
from pathlib import Path

from tests.bench import backlog, box, bus, dossiers, each_device, hearing, revoking, sitting, wires, wish, words
from tests.bench.figures import Figure, table, write
from tests.kit.installation import small_court

LINES = 100_000


def main() -> None:
    """Found a court, measure, end it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES)
    lines = parser.parse_args().lines
    figures: list[Figure] = [*wires.measure(), *bus.measure(), *each_device.measure()]
    figures += [*words.measure(), *hearing.measure(), *sitting.measure()]
    with (
        tempfile.TemporaryDirectory(prefix="courtside-bench-") as folder,
        small_court(Path(folder), "locker-a") as court,
    ):
        locker = court.boxes["locker-a"]
        figures += box.measure(court, locker)
        figures += wish.measure(court, locker)
        figures += revoking.measure(court)
        figures += backlog.measure(court, locker, lines)
    figures += dossiers.measure()
    print(table(figures))
    print(f"written to {write(figures)}")


if __name__ == "__main__":
    main()
