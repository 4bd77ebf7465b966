"""Every figure of scanning and of electronic dossiers; `python -m tests.bench.dossiers` measures these alone."""

from tests.bench import papers, reading, searching
from tests.bench.figures import Figure, table


def measure() -> list[Figure]:
    """Paper, reading, proposals and search."""
    return [*papers.measure(), *reading.measure(), *searching.measure()]


if __name__ == "__main__":
    print(table(measure()))
