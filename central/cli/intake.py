"""`import`: what a CSV file would change and what is wrong with it, then all of it or nothing."""

from collections.abc import Iterator
from pathlib import Path

from central.cli.plain import Fault, in_words, words_here
from central.importing.reading import decode
from central.importing.service import Preview, apply, head_of, preview
from central.people.service import SYSTEM
from central.running import Court


def take_in(court: Court, kind: str, file: Path, *, do: bool) -> Iterator[str]:
    """Preview the file, or take it in; gives what to tell, a line a row. Raises Fault if anything is wrong."""
    text = decode(file.read_bytes())
    with court.store.write() as session:
        seen = preview(session, SYSTEM, kind, text, court.clock())
        if do and not seen.problems:
            seen = apply(session, SYSTEM, kind, text, court.clock())
    yield from _told(kind, seen)
    if seen.problems:
        wrong = "one thing is" if len(seen.problems) == 1 else f"{len(seen.problems)} things are"
        raise Fault(f"{wrong} wrong; nothing was taken in")
    counts = ", ".join(f"{seen.count(sort)} {sort}" for sort in ("new", "changed", "same"))
    yield f"taken in: {counts}" if do else f"nothing is wrong: {counts}; repeat with --apply to take it in"


def _told(kind: str, seen: Preview) -> Iterator[str]:
    language = words_here().language
    for change in seen.changes:
        yield f"line {change.line}: {change.sort}: {change.what}"
    for problem in seen.problems:
        column = head_of(kind, problem.column, language)
        yield f"line {problem.line}: {f'{column}: ' if column else ''}{in_words(problem.said)}"
