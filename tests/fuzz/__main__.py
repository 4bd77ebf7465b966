"""`python -m tests.fuzz SECONDS`: bytes that atheris finds, through the framers of every product, found by walking.

Each input is cut into pieces and fed. No exception may escape; every byte is a frame, noise or pending; what is pending
is bounded; and after the line fell silent the next good frame is read as if nothing had been before it.
"""

import sys
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["drivers"]):
    from tests.drivers.products import ROWS, WIRES, framer

MOST_PENDING = 100_000
WAYS = ("questions", "answers")
TARGETS = [(product, way) for product in sorted(WIRES) for way in WAYS]
GOOD = {target: [frame for *way, frame in ROWS if tuple(way) == target][:2] for target in TARGETS}
CORPUS = Path("build/fuzz")


class Broken(AssertionError):
    """A parser broke a law; the text says which, and with what."""


def one_input(data: bytes) -> None:
    """The first byte chooses the parser, the second the size of pieces."""
    if len(data) < 2:
        return
    product, way = TARGETS[data[0] % len(TARGETS)]
    size, data = data[1] % 17 or len(data), data[2:]
    reader, given = framer(product, way), 0
    for start in range(0, len(data), size):
        given += _written(reader.feed(data[start : start + size]))
        pending = min(start + size, len(data)) - given - reader.noise
        if not 0 <= pending <= MOST_PENDING:
            raise Broken(f"{product} {way}: {pending} bytes pending of {data.hex()}")
    given += _written(reader.flush())
    if given + reader.noise != len(data):
        raise Broken(f"{product} {way}: {given} + {reader.noise} of {len(data)} bytes of {data.hex()}")
    _reads_on(product, way, reader, data)


def _reads_on(product: str, way: str, reader: Any, before: bytes) -> None:
    for frame in GOOD[product, way]:
        fresh = framer(product, way)
        if reader.feed(frame) + reader.flush() != fresh.feed(frame) + fresh.flush():
            raise Broken(f"{product} {way}: {frame.hex()} is not read after {before.hex()}")


def _written(frames: list[Any]) -> int:
    return sum(len(frame.to_bytes()) for frame in frames)


def main() -> None:
    """Fuzz for so long; ends with another code than 0 at the first law that is broken."""
    CORPUS.mkdir(parents=True, exist_ok=True)
    for number, (product, way, frame) in enumerate(ROWS):
        (CORPUS / f"vector-{number}").write_bytes(bytes((TARGETS.index((product, way)), 0)) + frame)
    seconds = sys.argv[1]
    arguments = [sys.argv[0], f"-max_total_time={seconds}", "-max_len=600", "-timeout=20", "-rss_limit_mb=2048"]
    atheris.Setup(
        [*arguments, "-verbosity=1", "-print_final_stats=1", "-artifact_prefix=build/", str(CORPUS)], one_input
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
