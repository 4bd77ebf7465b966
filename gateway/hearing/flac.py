"""Raw sound into FLAC and back, by ffmpeg. The same samples always give the same bytes, and so the same hash."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from devices.errors import DeviceFault, DeviceOffline, WishRejected

_EXACT = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-c:a", "flac"]
_QUIET = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]


async def encode(pcm: Path, rate: int, channels: int, picked: Sequence[int]) -> tuple[list[bytes], bytes]:
    """(a mono FLAC of each picked channel, all of them mixed); channels from 1. Raises DeviceFault, DeviceOffline."""
    into = [pcm.with_suffix(f".{channel}.flac") for channel in picked]
    mixed = pcm.with_suffix(".mixed.flac")
    share = "+".join(f"{1 / len(picked):.4f}*c{channel - 1}" for channel in picked)
    source = [*("-f", "s16le", "-ar", str(rate), "-ac", str(channels)), "-i", str(pcm)]
    command = [*_QUIET, *source]
    for channel, path in zip(picked, into, strict=True):
        command += ["-filter:a", f"pan=mono|c0=c{channel - 1}", *_EXACT, str(path)]
    command += ["-filter:a", f"pan=mono|c0={share}", *_EXACT, str(mixed)]
    try:
        await _run(command)
        return [path.read_bytes() for path in into], mixed.read_bytes()
    finally:
        for path in (*into, mixed):
            path.unlink(missing_ok=True)


async def decode(flac: bytes, rate: int) -> bytes:
    """The samples of a mono FLAC, s16le at that rate. Raises WishRejected if it is none, DeviceOffline."""
    source = ["-f", "flac", "-i", "pipe:0"]
    sink = ["-f", "s16le", "-ar", str(rate), "-ac", "1", "pipe:1"]
    command = [*(word for word in _QUIET if word != "-nostdin"), *source, *sink]
    try:
        return await _run(command, flac)
    except DeviceFault as error:
        raise WishRejected(f"this is no FLAC: {error}") from error


async def _run(command: Sequence[str], given: bytes | None = None) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise DeviceOffline(f"ffmpeg cannot be started, install it: {error}") from error
    try:
        out, words = await process.communicate(given)
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise DeviceFault(words.decode(errors="replace").strip().splitlines()[-1][:200] if words else "ffmpeg failed")
    return out
