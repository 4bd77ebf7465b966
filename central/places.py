"""Names of floors and rooms in the order people count them: 一楼, 二楼, 十二楼, not by their characters."""

import re
import unicodedata
from functools import lru_cache

_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_TENS = {"十": 10, "百": 100}
_NUMBER = re.compile(rf"([0-9]+|[{''.join((*_DIGITS, *_TENS))}]+)")
_BELOW = re.compile(r"^(?:负|地下|-|B)(?=\S{1,2}(?:[楼层Ff]|$))")
"""The head of a floor's name that is counted down from the ground: 负一楼, 地下二层, B1."""
Place = tuple[tuple[int, int, str], ...]


@lru_cache(8192)
def in_order(name: str) -> Place:
    """A key for sorting: numbers in a name by what they are worth, floors below the ground before it."""
    name = unicodedata.normalize("NFKC", name)
    below = _BELOW.match(name)
    pieces = _NUMBER.split(name[below.end() :] if below else name)
    sign = -1 if below else 1
    return tuple(
        (0, sign * _worth(piece), "") if place % 2 else (1, 0, piece) for place, piece in enumerate(pieces) if piece
    )


def _worth(number: str) -> int:
    """1 to 999 as they are said, 二〇三 digit by digit."""
    if number.isascii():
        return int(number)
    if not set(number) & set(_TENS):
        return int("".join(str(_DIGITS[digit]) for digit in number))
    worth = digit = 0
    for sign in number:
        if sign in _TENS:
            worth, digit = worth + (digit or 1) * _TENS[sign], 0
        else:
            digit = _DIGITS[sign]
    return worth + digit
