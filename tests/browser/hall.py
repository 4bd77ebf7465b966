"""A furnished court with a courtroom of real processes: microphones behind a real sound server, a real recogniser."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from central.cli.works import courtroom
from central.demo.court import furnish
from tests.kit.installation import COURT, Box, Installation
from tests.kit.process import run

ROOM = "courtroom-a"
AUTHORITIES = "authorities.pem"
"""Named in the court's settings; there once a test puts it there."""
_BIN = Path(sys.executable).parent
_FILE = """\
gateway: {name}
court: {court}
data: {data}
rtc_healthy: true
devices:
  table-a: {{driver: microphones/ffmpeg_input, port: "alsa:hw:CARD=table", channels: 4, rate: 16000}}
  ears-a: {{driver: speech/vosk}}
stations:
  courtroom:
    room: 第三法庭
    seats:
      judge: {{device: table-a, channel: 1}}
      clerk: {{device: table-a, channel: 2}}
      plaintiff: {{device: table-a, channel: 3}}
      defendant: {{device: table-a, channel: 4}}
    segment_s: 6
    screen_port: 0
    quiet_s: {quiet_s}
    recogniser: ears-a
"""


@contextmanager
def hall(folder: Path) -> Iterator[tuple[Installation, Box]]:
    """The court of the demo with one courtroom, all of it running."""
    with Installation(folder) as court:
        court.found()
        with (court.home / "central.yaml").open("a") as settings:
            settings.write(f"signature_authorities: {AUTHORITIES}\n")
        with courtroom(court.home) as opened:
            furnish(opened)
        court.start("broker", "central")
        yield court, open_room(court, ROOM)


def open_room(court: Installation, name: str, *, listens: bool = True, quiet_s: int = 600) -> Box:
    """A courtroom of that name is enrolled and started; one that `listens` has a recogniser."""
    folder = court.folder
    box = Box(name, folder / f"{name}.yaml", folder / f"{name}-data", folder / f"{name}-ports")
    text = _FILE.format(name=name, court=COURT, data=box.data, quiet_s=quiet_s)
    box.file.write_text(text if listens else text.replace("    recogniser: ears-a\n", ""))
    emulators = [sys.executable, "-m", "gateway.simulate", box.file, box.ports]
    gateway = [_BIN / "courtside-gateway", "run", box.file, "--simulate", "--emulators", box.ports]
    court._add(box.emulators, emulators, '"page"')
    court._add(box.gateway, gateway, '"event": "ready"')
    url, token = court.central("gateway invite", name).split()[-2:]
    run(_BIN / "courtside-gateway", "enrol", url, token, "--data", box.data)
    court.start(box.emulators, box.gateway)
    return box


def say(court: Installation, box: Box, channel: int, recording: str) -> None:
    """Let somebody speak at a seat."""
    court.hand(box, "table-a", "say", channel=channel, recording=recording)
