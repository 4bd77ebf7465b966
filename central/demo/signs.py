"""How much of a text came out right, in characters."""

_WIDE = str.maketrans("，。：；（）！？“”‘’、—", ",.:;()!?\"\"'',-")


def distance(one: str, true: str) -> int:
    """Characters wrong, left out or added (Levenshtein); blanks and the width of signs not counted."""
    ours, theirs = folded(one), folded(true)
    row = list(range(len(theirs) + 1))
    for i, a in enumerate(ours, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(theirs, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def folded(text: str) -> str:
    """The characters that count."""
    return "".join(text.translate(_WIDE).split())
