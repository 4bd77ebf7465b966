"""Small packages for updates: whole wheels as pip installs them, whose environment borrows what else it needs.

A release of the tests is the real gateway under another version: the wheel brings metadata, an entry point, and a path
file that leads to this checkout and to the packages it was set up with.
"""

import base64
import hashlib
import io
import sysconfig
import zipfile
from pathlib import Path

from devices.claims import Wheel

_ROOT = Path(__file__).parents[2]
REAL = "gateway.__main__:main"
"""Entry point of the real gateway."""

DYING = """
import sys
def main():
    if sys.argv[1] == "run":
        return 3
    from gateway.__main__ import main
    return main()
"""
"""Module of a release that passes every question before it is tried, and ends as soon as it is started."""


def wheel(
    release: str, entry: str = REAL, *, says: str = "", more: dict[str, str] | None = None
) -> tuple[Wheel, bytes]:
    """A package `courtside` of that release; it `says` another version of itself if told to."""
    info = f"courtside-{says or release}.dist-info"
    paths = [_ROOT, Path(sysconfig.get_paths()["purelib"]), "import tests.kit.killing"]
    files = {
        "courtside_release.pth": "".join(f"{line}\n" for line in paths),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: courtside\nVersion: {says or release}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\ncourtside-gateway = {entry}\n",
        **(more or {}),
    }
    record = "".join(f"{name},{_digest(text)},{len(text.encode())}\n" for name, text in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    content = packed.getvalue()
    return described(f"courtside-{says or release}-py3-none-any.whl", content), content


def described(file: str, content: bytes) -> Wheel:
    """How a release names that file."""
    return Wheel(file=file, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def _digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
