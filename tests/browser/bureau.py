"""A scanning station of real processes beside a court: a feeder of paper in software behind the real libsane."""

import sys
from pathlib import Path

from PIL import Image

from tests.kit import paper
from tests.kit.installation import COURT, Box, Installation
from tests.kit.process import run

STATION, SCANNER = "scanning-a", "scanner-a"
_BIN = Path(sys.executable).parent
_FILE = """\
gateway: {name}
court: {court}
data: {data}
rtc_healthy: true
devices:
  scanner-a: {{driver: scanners/sane, port: "sane:any", look_s: 0.05}}
  reader-a: {{driver: readers/serial_barcode, port: /dev/reader-a}}
stations:
  scanning:
    scanner: scanner-a
    reader: reader-a
    button_preset: one-sided
    presets:
      one-sided: {{source: feeder, resolution: 100}}
      two-sided: {{source: feeder_duplex, resolution: 100}}
"""


def add_station(court: Installation) -> Box:
    """The station, enrolled and running, its devices reached."""
    box = Box(STATION, court.folder / f"{STATION}.yaml", court.folder / f"{STATION}-data", court.folder / "scan-ports")
    box.file.write_text(_FILE.format(name=STATION, court=COURT, data=box.data))
    court._add(box.emulators, [sys.executable, "-m", "gateway.simulate", box.file, box.ports], '"page"')
    gateway = [_BIN / "courtside-gateway", "run", box.file, "--simulate", "--emulators", box.ports]
    log = court.folder / f"{box.gateway.replace(' ', '-')}.log"
    court._add(box.gateway, gateway, lambda: all(f"{name} is up" in log.read_text() for name in (SCANNER, box.reader)))
    url, token = court.central("gateway invite", STATION).split()[-2:]
    run(_BIN / "courtside-gateway", "enrol", url, token, "--data", box.data)
    court.start(box.emulators, box.gateway)
    return box


def pile(folder: Path, pages: list[Image.Image]) -> Path:
    """A folder that can be laid into the feeder: one sheet a page."""
    folder.mkdir()
    for number, page in enumerate(pages, 1):
        (folder / f"{number:03}.jpg").write_bytes(paper.jpeg(page, 100))
    return folder
