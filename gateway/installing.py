"""Puts a release beside the one in use: believed, fetched by hash, installed without a network, asked if it would work.

What two releases share is fetched once: each package lies in software/wheels/<sha256>/ as long as one needs it.
"""

import asyncio
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

from devices.claims import ReleaseClaims, Wheel
from devices.errors import WishRejected
from devices.grants import BadToken, read
from devices.messages import Fetch
from gateway import durable
from gateway.identity import Identity
from gateway.kept_software import PROGRAM, KeptSoftware

_WHEELS = "wheels"
_PATIENCE_S = 900
_LONGEST_WHY = 400
_VERSION = "from importlib.metadata import version; print(version('courtside'))"


class NotInstalled(Exception):
    """The release cannot be used on this box; the text says why."""


def believed(token: bytes, identity: Identity) -> ReleaseClaims:
    """What central says a release is, if it was put together for this box. Raises NotInstalled."""
    try:
        told = read("software", token.decode(), identity.central_keys, identity.court, ReleaseClaims.AUDIENCE)
        claims: ReleaseClaims = ReleaseClaims.of(told)
    except (BadToken, UnicodeDecodeError) as error:
        raise NotInstalled(f"the release is not to be believed: {error}") from error
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if claims.python != here:
        raise NotInstalled(f"it is for Python {claims.python}, and this box has {here}")
    return claims


async def fetch_all(folder: Path, claims: ReleaseClaims, fetch: Fetch) -> None:
    """Have its packages on disk. Raises NotInstalled, OSError, DeviceOffline while central cannot be reached."""
    for wheel in claims.wheels:
        place = _place(folder, wheel)
        content = await lacking(place, wheel.file, wheel.sha256, fetch)
        if content is None:
            continue
        if len(content) != wheel.size:
            raise NotInstalled(f"{wheel.file} has {len(content)} bytes, and {wheel.size} were promised")
        await lay(place, content)


async def lacking(place: Path, name: str, sha256: str, fetch: Fetch) -> bytes | None:
    """What a file is to hold, fetched; None if it is there whole. Raises NotInstalled, DeviceOffline."""
    if await asyncio.to_thread(is_whole, place, sha256):
        return None
    try:
        return await fetch(sha256)
    except WishRejected as error:
        raise NotInstalled(f"{name} cannot be had: {error}") from error


async def lay(place: Path, content: bytes) -> None:
    """The file with that content, durable. Raises OSError."""
    place.parent.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(durable.write, place, content)


async def install(kept: KeptSoftware, claims: ReleaseClaims, python: Path, own: str) -> str:
    """A new environment with the packages that are here; gives the name of its folder once it is durable.

    `python` stands outside of all updates; `own` is the box's own file, which the release must be able to read.
    Raises NotInstalled, OSError.
    """
    clear_away(kept, claims)
    made = Path(tempfile.mkdtemp(prefix=f"{claims.release}-", dir=kept.folder))
    await ran("there is no environment for it", python, "-m", "venv", "--without-pip", made)
    pip = (python, "-m", "pip", "--isolated", "--disable-pip-version-check", "--python", made / "bin" / "python")
    offline = ("install", "--quiet", "--no-index", "--no-deps", "--no-cache-dir")
    await ran("it cannot be installed", *pip, *offline, *(_place(kept.folder, wheel) for wheel in claims.wheels))
    says = (await ran("it does not say its version", made / "bin" / "python", "-I", "-c", _VERSION)).strip()
    if says != claims.release:
        raise NotInstalled(f"it says that it is {says}, and {claims.release} was promised")
    file = kept.folder / "own.yaml"
    durable.write(file, own.encode())
    await ran("it refuses the file of this box", made / PROGRAM, "check", file)
    await asyncio.to_thread(durable.keep_tree, made)
    return made.name


def clear_away(kept: KeptSoftware, wanted: ReleaseClaims | None = None) -> None:
    """Take away environments neither good nor tried and, if a release is `wanted`, the packages it does not need."""
    folders = {release.folder for release in (kept.good, kept.trying) if release}
    _keep_only({*folders, _WHEELS}, kept.folder)
    if wanted is not None:
        _keep_only({wheel.sha256 for wheel in wanted.wheels}, kept.folder / _WHEELS)


def _keep_only(names: Collection[str], folder: Path) -> None:
    for path in folder.glob("*"):
        if path.is_dir() and not path.is_symlink() and path.name not in names:
            shutil.rmtree(path, ignore_errors=True)


def _place(folder: Path, wheel: Wheel) -> Path:
    return folder / _WHEELS / wheel.sha256 / wheel.file


def is_whole(place: Path, sha256: str) -> bool:
    """Whether the file is there and has that hash."""
    try:
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return False


async def ran(trouble: str, *command: str | Path) -> str:
    """What a program said. Raises NotInstalled with its last words."""
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=alone
    )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            said, complained = await process.communicate()
    except TimeoutError as error:
        raise NotInstalled(f"{trouble}: no answer within {_PATIENCE_S} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        words = " ".join((complained or said).decode(errors="replace").split())
        raise NotInstalled(f"{trouble}: {words[-_LONGEST_WHY:] or f'it ended with {process.returncode}'}")
    return said.decode(errors="replace")
