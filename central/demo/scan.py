"""The step `scan`: ten documents of paper through a real scanner library into a catalogued electronic dossier."""

import time
from pathlib import Path
from typing import Any

from central.demo.boxes import page_of, run, start_gateway
from central.demo.court import PASSWORD
from central.demo.eyes import Hands, StepFailed, Visitor, until
from central.demo.papers import PAPERS
from central.demo.signs import distance, folded
from central.demo.stage import Stage

STATION, SCANNER, PRESET, CASE = "scanning-a", "scanner-a", "one-sided-200", 7
_JAM_AFTER = 6
_READ_WITHIN_S = 150.0
MOST_WRONG = 0.05
"""More characters wrong than that, and something is broken."""


def scan(court: Stage) -> str:
    """Ten documents are scanned with a jam on the way, divided by barcode, recognised, catalogued, and can be read."""
    begun = time.monotonic()
    hands = _station(court)
    pile = _pile(court)
    with Visitor(court.url, "clerk", PASSWORD) as clerk:
        job = _scanned(clerk, hands, pile)
        scanned_s = time.monotonic() - begun
        until("every page to be read", lambda: _job(clerk, job)["state"] == "DONE", _READ_WITHIN_S)
        documents = clerk.get(f"/cases/{CASE}/catalogue")
        texts = [_text(clerk, document) for document in documents]
        shown = clerk.look(f"/edossiers/{CASE}?page={documents[0]['pages'][0]}")
    wrong, signs, right = _compared(documents, texts)
    if len(documents) != len(PAPERS):
        raise StepFailed(f"{len(PAPERS)} documents went in, {len(documents)} came out")
    if wrong > MOST_WRONG * signs or "<title>" not in shown:
        raise StepFailed(f"{wrong} of {signs} characters are wrong")
    sheets = 2 * len(PAPERS) - 1
    return (
        f"{sheets} sheets through SANE, one jam on the way, each once; {len(documents)} documents by barcode; "
        f"{signs - wrong} of {signs} characters recognised ({100 * (signs - wrong) / signs:.1f} %); "
        f"{right} of {len(PAPERS)} catalogue items right; open in the reader "
        f"(scanned after {scanned_s:.0f} s, read after {time.monotonic() - begun:.0f} s)"
    )


def laid_out(court: Stage) -> str:
    """A scanning desk with the dossier's sheets in its feeder, for whoever looks in; says where and how many."""
    hands, pile = _station(court), _pile(court)
    hands.push(SCANNER, "put_in", folder=str(pile))
    return f"{len(list(pile.iterdir()))} sheets of a case lie in its feeder (HS-{CASE:04}-1); its buttons: {hands.url}"


def _station(court: Stage) -> Hands:
    """A second gateway: enrolled, and its scanner at hand."""

    def adapt(stations: dict[str, Any]) -> None:
        stations["scanning"]["presets"][PRESET] = {"source": "feeder", "mode": "gray", "resolution": 200}

    gateway = start_gateway(court, STATION, adapt)
    hands = Hands(page_of(gateway))
    gateway.wait_for(rf"{SCANNER} is up", 60)
    return hands


def _pile(court: Stage) -> Path:
    folder = court.settings.home / "paper"
    run("central.demo.paper", str(folder))
    return folder


def _scanned(clerk: Visitor, hands: Hands, pile: Path) -> str:
    """Scan the whole pile, clearing the jam; gives the path of the job."""
    sheets = len(list(pile.iterdir()))
    job = clerk.post(f"/cases/{CASE}/scans", gateway=STATION, counted=sheets)["job"]
    path = f"/scans/{STATION}/{job}"
    until("the envelope to be on the desk", lambda: any(j["job"] == job for j in clerk.get(f"/cases/{CASE}/scans")))
    hands.push(SCANNER, "put_in", folder=str(pile))
    hands.push(SCANNER, "jam", sides=_JAM_AFTER)
    clerk.post(f"{path}/pages", preset=PRESET)
    jammed = until("the jam to be told", lambda: _ended(clerk, path, "jam"))
    if jammed["put_back"] != _JAM_AFTER + 1:
        raise StepFailed(f"sheet {_JAM_AFTER + 1} was caught, the desk says {jammed['put_back']}")
    hands.push(SCANNER, "clear")
    clerk.post(f"{path}/pages", preset=PRESET)
    until("the feeder to be empty", lambda: _ended(clerk, path, "out_of_paper", before="jam"), 90)
    clerk.post(f"{path}/close")
    until("the job to be closed", lambda: _job(clerk, path)["closed"])
    return path


def _job(clerk: Visitor, path: str) -> Any:
    return clerk.get(path)


def _ended(clerk: Visitor, path: str, why: str, before: str | None = None) -> Any:
    """The job when its batch ended so; `before`: how the one before ended, which may still be told."""
    job = _job(clerk, path)
    if job["why"] not in (None, why, before):
        raise StepFailed(f"the batch ended with {job['why']}, not {why}")
    return job if job["why"] == why else None


def _text(clerk: Visitor, document: Any) -> str:
    return "\n".join(clerk.get(f"/pages/{page}/text")["text"] for page in document["pages"])


def _compared(documents: list[Any], texts: list[str]) -> tuple[int, int, int]:
    """(characters wrong, characters, items right); each paper against the document that is most like it."""
    wrong = signs = right = 0
    for paper in PAPERS:
        found = [
            (distance(text, paper.text), document["item"]) for document, text in zip(documents, texts, strict=True)
        ]
        errors, item = min(found, default=(len(paper.text), None), key=lambda each: each[0])
        wrong, signs, right = wrong + errors, signs + len(folded(paper.text)), right + (item == paper.item)
    return wrong, signs, right
