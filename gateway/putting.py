"""How a speech model or a logo gets into its place: believed, fetched by hash, checked by what will use it."""

import asyncio
import sys
from pathlib import Path

from devices.claims import FilesClaims
from devices.grants import BadToken, read
from devices.messages import Fetch
from gateway import durable
from gateway.identity import Identity
from gateway.installing import NotInstalled, is_whole, lacking, lay, ran

WIDEST, HIGHEST = 576, 400
"""Dots of a logo: the width of an 80 mm roll, and 5 cm of it."""


def believed(token: bytes, document: str, us: Identity) -> FilesClaims:
    """What central says it is. Raises NotInstalled."""
    try:
        told = read("files", token.decode(), us.central_keys, us.court, FilesClaims.AUDIENCE)
        claims: FilesClaims = FilesClaims.of(told)
    except (BadToken, UnicodeDecodeError) as error:
        raise NotInstalled(f"it is not to be believed: {error}") from error
    if claims.document != document:
        raise NotInstalled(f"it is a {claims.document}, and not a {document}")
    return claims


async def fetched(into: Path, claims: FilesClaims, fetch: Fetch) -> Path:
    """The folder with all its files; what came before a kill is not fetched again. Raises NotInstalled, OSError."""
    for file in claims.files:
        place = into / claims.name / file.path
        content = await lacking(place, file.path, file.sha256, fetch)
        if content is None:
            continue
        await lay(place, content)
        if len(content) != file.size or not await asyncio.to_thread(is_whole, place, file.sha256):
            raise NotInstalled(f"{file.path} is damaged: it is not what was promised")
    return into / claims.name


async def model(folder: Path, models: Path) -> Path:
    """A model below `models`, durable. Raises NotInstalled.

    By the command a person would use: it hears known recordings, in a process that ends, for its memory.
    """
    await ran("it is no good", sys.executable, "-m", "gateway", "model", "install", folder, "--into", models)
    await asyncio.to_thread(durable.keep_tree, models / folder.name)
    return models / folder.name


def logo(folder: Path, logos: Path, name: str) -> None:
    """A picture below `logos`, durable. Raises NotInstalled, OSError."""
    from PIL import Image, UnidentifiedImageError  # not at the head: models do without

    pictures = [path for path in folder.rglob("*") if path.is_file()]
    try:
        with Image.open(pictures[0], formats=("PNG",)) as image:
            image.load()
            across, down = image.size
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise NotInstalled(f"it is no PNG picture: {error}") from error
    if len(pictures) > 1 or across > WIDEST or down > HIGHEST:
        raise NotInstalled(
            f"{len(pictures)} of {across} x {down} dots; one of at most {WIDEST} x {HIGHEST} can be printed"
        )
    logos.mkdir(exist_ok=True)
    durable.write(logos / f"{name}.png", pictures[0].read_bytes())
