"""How ffmpeg is asked for a few pictures of a camera, and what is seen in the last of them. No I/O.

v4l2:/dev/v4l/by-id/NAME  a camera or a grabber on this box, by its name: numbers change with the socket
rtsp://HOST/PATH          a network camera
http://HOST/PATH          a network camera that gives MJPEG
file:FILE                 a recording (for trying things out)
"""

import hashlib
import re
from typing import NamedTuple

PORT = r"^(?:v4l2:/dev/.+|rtsp://.+|http://.+|file:.+)$"
"""What a port may look like."""
WIDTH, HEIGHT = 160, 90
"""Of what is looked at: single pixels picked out, so that the noise of a living sensor stays in them."""
FRAMES = 10
"""A camera just opened has to find its exposure; the last of so many is looked at."""
DARK, FLAT = 32, 12
"""Of 255: darker on average is dark; with no more between its darkest and lightest spot it is one colour."""

_SIZE = re.compile(r"Stream #0:\d+.*: Video: .*?, (\d{2,5})x(\d{2,5})\b")


class Look(NamedTuple):
    """What one look tells."""

    width: int
    height: int
    blank: bool
    mark: bytes
    """Equal for equal pictures; nothing can be seen in it."""


def command(port: str) -> list[str]:
    """The command line that writes a few small grey pictures of that port to standard output, and ends."""
    kind, _, rest = port.partition(":")
    if kind == "v4l2":
        source = ["-f", "v4l2", "-i", rest]
    elif kind == "rtsp":
        source = ["-rtsp_transport", "tcp", "-i", port]
    else:
        source = ["-i", rest if kind == "file" else port]
    small = f"scale={WIDTH}:{HEIGHT}:flags=neighbor,format=gray"
    out = ["-map", "0:v:0", "-vf", small, "-frames:v", str(FRAMES), "-f", "rawvideo", "pipe:1"]
    return ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "info", *source, *out]


def seen(pictures: bytes, report: str) -> Look | None:
    """What the last picture tells; None if not one came whole."""
    size, last = _SIZE.search(report), pictures[-WIDTH * HEIGHT :]
    if size is None or len(last) < WIDTH * HEIGHT:
        return None
    blank = sum(last) < DARK * len(last) or max(last) - min(last) <= FLAT
    return Look(int(size[1]), int(size[2]), blank, hashlib.sha256(last).digest())
