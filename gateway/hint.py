"""What somebody may have meant by a name that is none."""

from collections.abc import Sequence


def hint(name: str, known: Sequence[str], likeness: float = 0.5) -> str:
    """`did you mean 'wall-a'?` if one of the known names is that like it (0 to 1), else all there are."""
    from difflib import get_close_matches  # not at the head: a gateway at rest has no use for it

    near = get_close_matches(name, known, 1, likeness)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known) or 'none'}"
