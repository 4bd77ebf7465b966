"""A dossier of a thousand pages, from the feeder to the catalogue, with real processes; its figures are printed."""

import io
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from central.cli.works import courtroom
from central.demo.court import PASSWORD, furnish
from central.demo.papers import PAPERS
from central.dossiers.engines import engine_named
from central.web.session import FORM_HEADER
from devices.journal import read_line
from tests.browser.bureau import SCANNER, STATION, add_station, pile
from tests.kit import paper
from tests.kit.installation import Installation
from tests.kit.process import until

PAGES, CASE, SAMPLE = 1000, 3, 40
_PATIENCE_S = 3 * 3600.0
_TOLD_EVERY = 100


@pytest.mark.long
def test_a_dossier_of_a_thousand_pages_is_scanned_read_and_catalogued_whole(tmp_path: Path) -> None:
    images = [paper.drawn(f"{PAPERS[n % 10].text}\n第{n + 1}页", 100) for n in range(PAGES)]
    with Installation(tmp_path / "court") as court:
        court.found()
        with courtroom(court.home) as opened:
            furnish(opened)
        file = court.home / "central.yaml"
        file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"dossiers": {"ocr": "tesseract"}}))
        court.start("broker", "central")
        box = add_station(court)
        ask = signed_in(court)
        court.hand(box, SCANNER, "put_in", folder=str(pile(tmp_path / "pile", images)))
        job = ask("POST", f"/cases/{CASE}/scans", gateway=STATION, counted=PAGES)["job"]
        path = f"/scans/{STATION}/{job}"
        until("the envelope is on the desk", lambda: [j for j in ask("GET", f"/cases/{CASE}/scans") if j["job"] == job])
        ask("POST", f"{path}/pages", preset="one-sided")
        readable = until("the first page can be read", lambda: _readable(court), 60)
        lines = [read_line(raw) for _, raw in court.journal(box)]
        first = next(line for line in lines if line.type == "page_scanned")
        print(f"first page readable {(readable - first.at).total_seconds():.2f} s after it left the scanner")
        followed("scanned", lambda: ask("GET", path), lambda job: job["pages"], lambda job: job["why"] is not None)
        ask("POST", f"{path}/close")
        told = followed("read", lambda: ask("GET", path), lambda job: job["read"], lambda job: job["state"] == "DONE")
        whole_s = (datetime.now(UTC) - first.at).total_seconds()
        assert (told["sheets"], told["pages"], told["read"], told["closed"]) == (PAGES, PAGES, PAGES, True)
        documents = ask("GET", f"/cases/{CASE}/catalogue")
        assert sorted(page for document in documents for page in document["pages"]) == list(range(1, PAGES + 1))
    alone_s = engine_s(images[:: PAGES // SAMPLE]) * PAGES
    print(f"{PAGES} pages in {whole_s:.0f} s; the engine alone takes {alone_s:.0f} s: {whole_s / alone_s:.2f} times")


def signed_in(court: Installation) -> Callable[..., Any]:
    """How a clerk asks the API of this court."""
    session = {"login": "clerk", "password": PASSWORD}
    court.http.post("/api/v1/session", json=session).raise_for_status()
    word = re.search(r'<meta name="csrf" content="([^"]+)"', court.http.get("/me").text)
    assert word is not None
    court.http.headers[FORM_HEADER] = word[1]

    def ask(method: str, path: str, **told: Any) -> Any:
        answer = court.http.request(method, f"/api/v1{path}", json=told or None)
        return answer.raise_for_status().json() if answer.content else None

    return ask


def followed(what: str, look: Callable[[], Any], count: Callable[[Any], int], ends: Callable[[Any], bool]) -> Any:
    """What is seen once it has ended; on the way it says how far it is."""
    begun, said = time.monotonic(), 0

    def at_the_end() -> Any:
        nonlocal said
        seen = look()
        if count(seen) >= said + _TOLD_EVERY:
            said = count(seen) // _TOLD_EVERY * _TOLD_EVERY
            print(f"  {count(seen)} pages {what} after {time.monotonic() - begun:.0f} s", flush=True)
        return seen if ends(seen) else None

    return until(f"all is {what}", at_the_end, _PATIENCE_S)


def engine_s(images: list[Image.Image]) -> float:
    """Seconds the engine alone takes for one of these, on the average."""
    files = [Image.open(io.BytesIO(paper.jpeg(image, 100))) for image in images]
    begun = time.monotonic()
    for image in files:
        engine_named("tesseract")(image)
    return (time.monotonic() - begun) / len(files)


def _readable(court: Installation) -> datetime | None:
    """The time, once the first page's image is given to a browser."""
    return datetime.now(UTC) if court.http.get("/edossiers/pages/1/image").status_code == 200 else None
