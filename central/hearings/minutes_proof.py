"""The minutes in an exported hearing: texts and signatures as lines of central have them, certificates checked anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from central.hearings import certified
from central.hearings.facts import MinutesCertified, MinutesDrawnUp, MinutesSigned
from central.ledger.archive import BadArchive
from central.ledger.verify import Proven
from central.web.refused import Refused
from devices.messages import Fact, UnreadableMessage, read_fact

_FOLDER = "minutes/"
_CENTRAL = "central"
Signed = MinutesSigned | MinutesCertified


def files(facts: Iterable[Fact]) -> Iterator[tuple[str, str]]:
    """Where the texts and signatures that these facts tell of lie in an archive, and the hash of each."""
    for fact in facts:
        match fact:
            case MinutesDrawnUp(number=number, text=text):
                yield f"{_FOLDER}{number}.json", text
            case MinutesSigned(number=number, key=key, drawn=drawn):
                yield f"{_FOLDER}{number}.{key}.png", drawn
            case MinutesCertified():
                signature, authorities = _places(fact)
                yield signature, fact.signature
                yield authorities, fact.authorities


def prove(proven: Proven, hearing: str, named: Mapping[str, str]) -> tuple[Sequence[str], str]:
    """Findings about the minutes in an archive, and what was looked at; `named`: its files, each with its hash."""
    told = [(at, fact) for at, fact in _told(proven, hearing) if dict(files([fact])).keys() <= named.keys()]
    findings = list(_files(proven, named, dict(files(fact for _, fact in told))))
    texts = {fact.number: fact.text for _, fact in told if isinstance(fact, MinutesDrawnUp)}
    signed = [(at, fact) for at, fact in told if isinstance(fact, Signed)]
    findings += [f"{fact.key} signed another text than number {fact.number}" for _, fact in signed
                 if texts.get(fact.number) != fact.text]  # fmt: skip
    whose: list[str] = []
    for at, fact in signed:
        if isinstance(fact, MinutesCertified):
            try:
                whose.append(_certified(proven, fact, at))
            except (Refused, BadArchive) as error:
                why = error.code.replace("_", " ") if isinstance(error, Refused) else str(error)
                findings.append(f"{_places(fact)[0]} does not prove that {fact.key} signed: {why}")
    by = f" ({'; '.join(whose)})" if whose else ""
    return findings, f", {len(texts)} texts of minutes with {len(signed)} signatures{by}" if texts else ""


def _places(fact: MinutesCertified) -> tuple[str, str]:
    stem = f"{_FOLDER}{fact.number}.{fact.key}"
    return f"{stem}.p7s", f"{stem}.authorities.pem"


def _told(proven: Proven, hearing: str) -> Iterator[tuple[datetime, Fact]]:
    for line in proven.lines.get(_CENTRAL, ()):
        if line.body.get("hearing") != hearing:
            continue
        try:
            yield line.at, read_fact(line.type, line.body)
        except UnreadableMessage:
            continue  # it is of another version, and nothing that is named leans on it


def _files(proven: Proven, named: Mapping[str, str], told: Mapping[str, str]) -> Iterator[str]:
    for name, sha256 in named.items():
        if told.get(name) != sha256:
            yield f"{name} is not as a line of central has it"
        try:
            found = proven.archive.sha256(name)
        except BadArchive as error:
            yield str(error)
            continue
        if found != sha256:
            yield f"{name} is altered; its hash is {found}, told was {sha256}"
    for name in sorted(proven.archive.names - named.keys()):
        if name.startswith(_FOLDER):
            yield f"{name} belongs to no minutes of this hearing"


def _certified(proven: Proven, fact: MinutesCertified, at: datetime) -> str:
    signature, authorities = (proven.archive.read(name) for name in _places(fact))
    content = certified.to_sign(fact.hearing, fact.number, fact.key, fact.text)
    found = certified.check(content, signature, authorities, at)
    return f"{fact.key} by certificate of {found.subject}, issued by {found.issuer}"
