"""Which item of the order a document is, with title, date, parties, how sure that is, and why: rules over the text.

Nothing is decided here. What people confirmed before (`lessons`) weighs more than the table of clues.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from central.dossiers.clues import DATE, DECISIVE, DIFFERS, DIGITS, HAN, PARTY, SAME, TEXTS, TITLES, closes
from central.dossiers.order import name_of
from central.web.refused import Said

Lessons = Mapping[str, Mapping[int, int]]
"""Title as `title_key` gives it -> item -> how often it was confirmed there."""

_HEAD = 7
"""Lines among which a title is looked for."""
_TITLE, _TEXT, _LESSON = 3.0, 0.45, 4.0
_LEAST, _DOUBT, _ALIKE = 0.8, 0.6, 0.6
_LONGEST_TITLE = 16
_LEAST_NEAR, _NEAR = 0.5, 0.7
"""How alike a title and a name must be; what likeness counts beside the name itself."""


@dataclass(frozen=True)
class Proposal:
    """What a document seems to be."""

    item: int | None
    title: str
    dated: date | None
    parties: list[str]
    confidence: float
    reasons: list[Said] = field(default_factory=list)


def propose(text: str, known: Sequence[str] = (), lessons: Lessons | None = None) -> Proposal:
    """A proposal from what stands on a document's pages; `known`: the case's own parties."""
    head = [line.replace(" ", "") for line in text.split("\n") if line.strip()][:_HEAD]
    scores: dict[int, float] = {}
    reasons: dict[int, list[Said]] = {}

    def count(item: int, weight: float, why: Said) -> None:
        scores[item] = scores.get(item, 0.0) + weight
        reasons.setdefault(item, []).append(why)

    title, found = _title(head)
    for item, word, weight in found:
        count(item, _TITLE * weight, Said("标题中有“{word}”", {"word": word}))
    for item, words in TEXTS.items():
        for word in words:
            if word in text:
                count(item, _TEXT, Said("正文中有“{word}”", {"word": word}))
    for item, weight, times in _taught(title_key(title, known), lessons or {}):
        count(item, _LESSON * weight, Said("同样标题的文书曾 {n} 次被确认归在这里", {"n": times}))
    for item, words in DECISIVE.items():
        for word in words:
            if word in text:
                count(item, _TITLE, Said("正文中有“{word}”", {"word": word}))
    best, sure = _best(scores)
    why = reasons.get(best or 0, [])
    return Proposal(best, title[:200], date_in(text), parties_in(text, known), sure, why[:4])


def begins(text: str) -> bool:
    """True if a page with this on it looks like the first of a document: its title stands alone and is known."""
    head = [line.replace(" ", "") for line in text.split("\n") if line.strip()][:4]
    return any(weight >= 0.75 for _, _, weight in _title(head)[1])


def title_key(title: str, known: Sequence[str] = ()) -> str:
    """The title without what differs from case to case: names, numbers, dates, punctuation."""
    for name in known:
        title = title.replace(name, "")
    return "".join(HAN.findall(DIFFERS.sub("", title)))[:40]


def date_in(text: str) -> date | None:
    """The last date written out in it: documents are dated where they are signed."""
    for year, month, day in reversed(DATE.findall(text)):
        try:
            return date(_year(year), _number(month), _number(day))
        except (ValueError, KeyError):
            continue
    return None


def parties_in(text: str, known: Sequence[str] = ()) -> list[str]:
    """Parties of the case that it names, else who stands where parties stand; at most six."""
    packed = text.replace(" ", "")
    named = [name for name in known if name in packed]
    return named or list(dict.fromkeys(name.strip("（）()") for name in PARTY.findall(packed)))[:6]


def _title(head: Sequence[str]) -> tuple[str, list[tuple[int, str, float]]]:
    """The line that is the title, and (item, word, 0 to 1) for what it says."""
    best: tuple[float, str, list[tuple[int, str, float]]] = (0.0, "", [])
    for place, line in enumerate(head):
        every = [(item, word) for item, many in TITLES.items() for word in many]
        words = [pair for pair in every if pair[1] in line] or [pair for pair in every if _misread(pair[1], line)]
        longest = [(i, w) for i, w in words if not any(w != other and w in other for _, other in words)]
        found = [(i, w, _share(w, line) * (1 - 0.06 * place)) for i, w in longest] or _near(line, every, place)
        weight = max((each[2] for each in found), default=0.0)
        if weight > best[0]:
            best = (weight, line, found)
    return (best[1] or (head[0] if head else "")), best[2]


def _misread(word: str, line: str) -> bool:
    """True if a short line has this longer word but for one sign."""
    half = len(word) // 2
    if len(word) < 4 or len(line) > len(word) + 6 or not (word[:half] in line or word[half:] in line):
        return False  # most words are sifted out here: with one sign wrong, one half of it is right
    windows = (line[i : i + len(word)] for i in range(len(line) - len(word) + 1))
    return any(sum(a != b for a, b in zip(word, window, strict=True)) == 1 for window in windows)


def _near(line: str, every: Sequence[tuple[int, str]], place: int) -> list[tuple[int, str, float]]:
    """What a short line at the top is called almost like: all signs of a name in their order, or most pairs of them."""
    if len(line) > _LONGEST_TITLE or place > 1:
        return []
    told = line.replace(*SAME)
    likely = [(_like(told, word), item, word) for item, word in every if len(word) >= 4]
    best = max(likely, default=(0.0, 0, ""))
    return [(best[1], best[2], _NEAR * best[0])] if best[0] >= _LEAST_NEAR else []


def _like(line: str, word: str) -> float:
    """How much a line is like a name, 0 to 1."""
    signs = iter(line)
    inside = all(sign in signs for sign in word) and len(word) / len(line)
    return max(inside, _alike(line, word))


def _share(word: str, line: str) -> float:
    """How much of the line the word is; a word that a sentence merely mentions says little."""
    rest = len(line) - len(word)
    if word not in line:
        return 0.75
    ends = closes(line, word)
    if rest <= 2:
        return 1.0
    return max(0.15, 1.0 - rest / (28 if ends else 14))


def _taught(key: str, lessons: Lessons) -> list[tuple[int, float, int]]:
    """(item, 0 to 1, times) for the most similar title that people placed."""
    best = max(lessons, key=lambda other: _alike(key, other), default="")
    alike = _alike(key, best)
    if not key or alike < _ALIKE:
        return []
    told = lessons[best]
    whole = sum(told.values())
    return [(item, alike * times / (whole + 0.5), times) for item, times in told.items()]


def _alike(a: str, b: str) -> float:
    """Share of pairs of signs that two titles have in common."""
    ours, theirs = _pairs(a), _pairs(b)
    return 2 * len(ours & theirs) / (len(ours) + len(theirs)) if a and b else 0.0


@lru_cache(4096)
def _pairs(text: str) -> frozenset[str]:
    """More are kept than there are lessons, to which every title is compared."""
    return frozenset(text[i : i + 2] for i in range(max(1, len(text) - 1)))


def _best(scores: Mapping[int, float]) -> tuple[int | None, float]:
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])
    if not ranked or ranked[0][1] < _LEAST:
        return None, 0.0
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return ranked[0][0], round(ranked[0][1] / (ranked[0][1] + second + _DOUBT), 2)


def _year(text: str) -> int:
    """Of the two last digits; the thin 〇 before them is what engines overlook, double or take for a letter."""
    return 2000 + 10 * DIGITS[text[0]] + DIGITS[text[1]]


def _number(text: str) -> int:
    """1 to 31, in digits or in Chinese: 二十三, 十, 3."""
    tens, ten, ones = text.partition("十")
    if not ten:
        return int("".join(str(DIGITS[sign]) for sign in text))
    return (DIGITS[tens] if tens else 1) * 10 + (DIGITS[ones] if ones else 0)


def placed_by_sheet(item: int) -> Said:
    """The reason when a separator sheet said where the document belongs."""
    return Said("分隔页指明归入“{item}”", {"item": name_of(item)})
