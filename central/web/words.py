"""The languages of the pages: Chinese is what the source says, English stands beside it in `locale/en.po`.

Texts carry `{names}` that are filled when they are said. Babel reads the .po file at start; nothing is compiled.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from central.web.refused import Said

LANGUAGES: Mapping[str, str] = {"zh": "中文", "en": "English"}
"""Language code -> its own name, as the switch in the header shows it."""
SOURCE = "zh"
LOCALE = Path(__file__).parent / "locale"


class Words:
    """One language: says a text of the source in it; a text it lacks is said in Chinese."""

    def __init__(self, language: str, texts: Mapping[str, tuple[str, ...]]) -> None:
        self.language = language
        self._texts = texts

    def say(self, text: str, /, **params: Any) -> str:
        """The text with its names filled."""
        forms = self._texts.get(text)
        return (forms[0] if forms else text).format(**params)

    def count(self, text: str, n: int, /, **params: Any) -> str:
        """The text for so many things; `{n}` in it is the number."""
        forms = self._texts.get(text, (text,))
        return forms[0 if n == 1 else -1].format(n=n, **params)

    def tell(self, said: Said) -> str:
        """A sentence of a service, in this language; sentences inside it are told too."""
        params = {name: self.tell(part) if isinstance(part, Said) else part for name, part in said.params.items()}
        return self.say(said.text, **params)


@cache
def words_of(language: str) -> Words:
    """The words of that language; an unknown one is Chinese."""
    path = LOCALE / f"{language}.po"
    if language == SOURCE or language not in LANGUAGES:
        return Words(SOURCE, {})
    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    texts: dict[str, tuple[str, ...]] = {}
    for message in catalog:
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if key and forms and all(forms):
            texts[key] = forms
    return Words(language, texts)
