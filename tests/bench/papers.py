"""Paper through a scanning station, page by page, beside `scanimage --batch` on the same device of libsane's own."""

import asyncio
import os
import subprocess
import tempfile
import time
from pathlib import Path

from devices.messages import wire_name
from devices.scanning import PageScanned, ScanEnded, ScanPages
from tests.bench.figures import Figure, least, told
from tests.kit.office import FILE, office

PAGES = 10
"""As many as the feeder of libsane's test device holds."""
GOAL = 4.0
"""Pages a second, each on disk before the next is read."""
ROUNDS = 3
_DEVICE, _PICTURE = "test:0", "Grid"
_PRESETS = f"""\
      gray: {{{{source: feeder, mode: gray, resolution: 300, options: {{{{test-picture: {_PICTURE}}}}}}}}}
      color: {{{{source: feeder, mode: color, resolution: 300, options: {{{{test-picture: {_PICTURE}}}}}}}}}
"""


def measure() -> list[Figure]:
    """Grey and colour, A4 at 300 dpi; the best of a few rounds, for others use this machine too."""
    with tempfile.TemporaryDirectory(prefix="courtside-bench-") as folder:
        ours, config = asyncio.run(_through_the_station(Path(folder)))
        bare = {mode: max(_scanimage(config, Path(folder), mode) for _ in range(ROUNDS)) for mode in ours}
    figures = []
    for mode, rate in ours.items():
        figures.append(least(f"pages through the station, A4 300 dpi {mode}", rate, "/s", GOAL, 1))
        figures.append(told(f"  scanimage --batch, JPEG, {mode}", bare[mode], "/s"))
        figures.append(told(f"  ours to scanimage's, {mode}", rate / bare[mode], "times"))
    return figures


async def _through_the_station(folder: Path) -> tuple[dict[str, float], Path]:
    file = FILE.replace("    presets:\n", f"    presets:\n{_PRESETS}")
    rates: dict[str, float] = {}
    async with office(folder, port=f"sane:{_DEVICE}", file=file) as it:
        ends = 0
        for mode in ("gray", "color"):
            for _ in range(ROUNDS):
                ends += 1
                job = f"j-{ends}"
                await it.open(PAGES, job)
                before = len(it.facts(PageScanned))
                await it.ask(ScanPages(job=job, preset=mode))
                ended = await it.until(ScanEnded, ends)
                assert (ended.why, len(it.facts(PageScanned)) - before) == ("out_of_paper", PAGES), ended
                at = [line.mono_ms for line in it.lines if line.type == wire_name(PageScanned)][-PAGES:]
                rates[mode] = max(rates.get(mode, 0.0), (PAGES - 1) * 1000 / (at[-1] - at[0]))
    return rates, folder / "scanner.sane"


def _scanimage(config: Path, folder: Path, mode: str) -> float:
    (config / "dll.conf").write_text("test\n")  # the stage took its device away as it ended
    options = ["--source", "Automatic Document Feeder", "--mode", mode.capitalize(), "--resolution", "300"]
    options += ["--test-picture", _PICTURE, "-x", "210", "-y", "297", "--format", "jpeg"]
    command = ["scanimage", "-d", _DEVICE, *options, f"--batch={folder}/bare-%d.jpg", f"--batch-count={PAGES}"]
    begun = time.monotonic()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "SANE_CONFIG_DIR": str(config)})
    return PAGES / (time.monotonic() - begun)
