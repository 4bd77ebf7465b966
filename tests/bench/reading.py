"""Pages through the pipeline of electronic dossiers, beside the bare engine on the same images: how fast, how right."""

import io
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from multiprocessing.connection import wait
from pathlib import Path
from typing import get_args

import yaml
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import undefer

from central.cli.works import courtroom
from central.demo.court import furnish
from central.demo.papers import PAPERS
from central.dossiers import engines, service, work
from central.dossiers.opened import Opener
from central.dossiers.tables import Intake, Page, Work
from central.dossiers.worker import bench_of, work_once
from central.people.roles import Actor
from central.people.service import person_by_login
from central.running import Court
from tests.bench.figures import Figure, below, beside, least, most, told
from tests.kit import paper
from tests.kit.installation import Installation

DPI = 300
CLEAN, POOR = "clean", "skew 2 degrees, blur, noise, JPEG 50"
_SHEETS = 40
"""So many that the last page, for which one of two has nothing to do, does not count for much."""
_PATIENCE_S = 1800


def measure(sheets: int = _SHEETS) -> list[Figure]:
    """A court of its own, without a server: workers need none."""
    with tempfile.TemporaryDirectory(prefix="courtside-bench-") as folder, Installation(Path(folder)) as court:
        court.found()
        with courtroom(court.home) as opened:
            furnish(opened)
            figures = _right(opened)
        return [*figures, *_fast(court, sheets)]


def _right(court: Court) -> list[Figure]:
    """Characters wrong: each engine alone, and the same image through the pipeline."""
    figures: list[Figure] = []
    pages = [(CLEAN, item.text, paper.drawn(item.text, DPI)) for item in (PAPERS[0], PAPERS[7])]
    pages += [(POOR, text, paper.worn(image)) for _, text, image in pages]
    for number, engine in enumerate(get_args(engines.Engine)):
        settings = court.settings.model_copy(
            update={"dossiers": court.settings.dossiers.model_copy(update={"ocr": engine})}
        )
        with Opener(court.blobs.get) as opener:
            bench = bench_of(settings, court.store, court.blobs, opener)
            through = _read(court, 1 + number, [paper.jpeg(image, DPI) for _, _, image in pages])
            while work_once(bench, "bench"):
                pass
            texts = through()
        for kind in (CLEAN, POOR):
            mine = [n for n, page in enumerate(pages) if page[0] == kind]
            alone = _mean([paper.errors(_alone(engine, pages[n][2]), pages[n][1]) for n in mine])
            ours = _mean([paper.errors(texts[n], pages[n][1]) for n in mine])
            figures += _compared(engine, kind, alone * 100, ours * 100, default=engine == "rapidocr")
    return figures


def _compared(engine: str, kind: str, alone: float, ours: float, *, default: bool) -> list[Figure]:
    name = f"characters wrong, {engine}, {kind}"
    figures = [told(f"  {name}: the engine alone", alone, "%")]
    if kind == CLEAN and default:
        return [*figures, below(f"{name}: through the pipeline", ours, "%", 0.5)]
    return [*figures, most(f"{name}: through the pipeline", ours, "%", alone, 1.1) if alone else told(name, ours, "%")]


def _alone(engine: engines.Engine, image: Image.Image) -> str:
    kept = Image.open(io.BytesIO(paper.jpeg(image, DPI)))
    return "\n".join(line.text for line in engines.engine_named(engine)(kept))


def _read(court: Court, case: int, images: Sequence[bytes]):  # type: ignore[no-untyped-def]
    """Bring them in; gives how to ask for what was read, in the same order."""
    numbers = [_bring(court, case, f"{n}.jpg", image) for n, image in enumerate(images)]

    def texts() -> list[str]:
        with court.store.read() as session:
            found = select(Page).options(undefer(Page.text)).where(Page.intake_id.in_(numbers)).order_by(Page.intake_id)
            return [page.text for page in session.scalars(found)]

    return texts


def _bring(court: Court, case: int, name: str, data: bytes) -> int:
    file = service.Brought(name, court.blobs.put(data), len(data))
    with court.store.write() as session:
        person = person_by_login(session, "clerk")
        assert person is not None
        clerk = Actor(person.id, person.name, frozenset(person.roles))
        return service.bring(session, clerk, case, file, court.clock()).id


def _fast(court: Installation, sheets: int) -> list[Figure]:
    """Pages a minute of one and two workers, and of one and two bare engines on the same pages; the fast engine."""
    file = court.home / "central.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"dossiers": {"ocr": "tesseract"}}))
    texts = [PAPERS[n % len(PAPERS)].text + f"\n第{n}页" for n in range(sheets)]
    images = [paper.jpeg(paper.drawn(text, DPI), DPI) for text in texts]
    bare = {workers: _bare(_command, images, workers) for workers in (1, 2)}
    loaded = {workers: _bare(_engine, images, workers) for workers in (1, 2)}
    ours = {workers: _ours(court.home, images, 10 + workers, workers) for workers in (1, 2)}
    figures = []
    for n in (1, 2):
        figures.append(told(f"pages read by {n} worker(s), tesseract, A4 300 dpi", ours[n], "/min"))
        figures.append(told(f"  {n} bare engine(s), each page a command", bare[n], "/min"))
        figures.append(
            least(f"  ours to the bare engine's, {n} worker(s)", ours[n], "/min", bare[n], round(1 / 1.1, 2))
        )
        figures.append(beside(f"  ours to engines that stay loaded, {n} worker(s)", ours[n], "/min", loaded[n]))
    scale, limit = ours[2] / ours[1], bare[2] / bare[1]
    return [*figures, least("two workers to one, beside two bare engines to one", scale, "times", limit, 0.95)]


def _bare(engine: Callable[[bytes], int], images: Sequence[bytes], workers: int) -> float:
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers) as pool:
        pool.map(engine, images[:workers], chunksize=1)  # the font and the data are in memory
        begun = time.monotonic()
        pool.map(engine, images, chunksize=1)
        return len(images) * 60 / (time.monotonic() - begun)


def _command(image: bytes) -> int:
    command = ["tesseract", "stdin", "stdout", "-l", "chi_sim", "--dpi", str(DPI), "--psm", "6", "tsv"]
    env = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # with more threads it is slower, up to ten times
    return len(subprocess.run(command, input=image, capture_output=True, check=True, env=env).stdout)


def _engine(image: bytes) -> int:
    return len(engines.engine_named("tesseract")(Image.open(io.BytesIO(image))))


def _ours(home: Path, images: Sequence[bytes], case: int, workers: int) -> float:
    """The time is taken from the first page read to the last, for a worker takes seconds to start."""
    with courtroom(home) as court, ExitStack() as ending:
        numbers = [_bring(court, case, f"{workers}-{n}.jpg", image + b"\0" * case) for n, image in enumerate(images)]
        with Opener(court.blobs.get) as opener:  # opening is no reading
            bench = bench_of(court.settings, court.store, court.blobs, opener)
            while _waits(court, "open"):
                work_once(bench, "bench")
        command = [sys.executable, "-m", "central.dossiers.worker", "--home", str(home)]
        env = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        said, told = os.pipe()
        ending.callback(os.close, said)
        for n in range(workers):
            process = subprocess.Popen([*command, "--name", f"w{n}"], stdin=subprocess.PIPE, stdout=told, env=env)
            ending.callback(process.wait)
            ending.callback(process.kill)
        os.close(told)
        first, begun = _until(court, numbers, workers, said)
        return (_until(court, numbers, len(images), said)[0] - first) * 60 / (time.monotonic() - begun)


def _until(court: Court, numbers: Sequence[int], done: int, said: int) -> tuple[int, float]:
    """How many pages are read once it is so many, and when that was. The workers say when they have committed
    something: who looks all the time takes a part of the core that is free while one of them works."""
    while wait([said], _PATIENCE_S) and os.read(said, 65536):
        with court.store.read() as session:
            read = sum(session.scalars(select(Intake.done).where(Intake.id.in_(numbers))))
        if read >= done:
            return read, time.monotonic()
    raise TimeoutError(f"{done} pages were not read")


def _waits(court: Court, kind: work.Kind) -> bool:
    with court.store.read() as session:
        return session.scalars(select(Work.id).where(Work.kind == kind).limit(1)).one_or_none() is not None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
