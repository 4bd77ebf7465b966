"""How ffmpeg is asked for each kind of sound, and what its words mean. No I/O.

alsa:hw:CARD=table        a sound card, by its name: numbers change with the socket it is put into
pulse:NAME[@SERVER]       a source of PulseAudio or PipeWire (`pactl list short sources`)
rtp:FILE.sdp              RTP L16/L24 and AES67, as its SDP file describes it
rtsp://HOST/PATH          a camera or an encoder
file:FILE                 a recording, as fast as it was spoken (for trying things out)
"""

import re
from typing import NamedTuple

from devices.errors import DeviceFault

PORT = r"^(?:alsa:.+|pulse:[^@]+(?:@.+)?|rtp:.+\.sdp|rtsp://.+|file:.+)$"
"""What a port may look like."""
FRAGMENT_S = 0.05
"""How often a sound server hands over what it has: a chunk, since each time costs."""

_STREAM = re.compile(r"Stream #0:\d+.*: Audio: .*?, (\d+) Hz, ([^,]+)")
_NAMED_LAYOUTS = {"mono": 1, "stereo": 2, "2.1": 3, "3.0": 3, "3.1": 4, "4.0": 4, "quad": 4, "4.1": 5, "5.0": 5}
_NAMED_LAYOUTS |= {"5.0(side)": 5, "5.1": 6, "5.1(side)": 6, "6.0": 6, "hexagonal": 6, "6.1": 7, "7.0": 7, "7.1": 8}
_WAVEEX = (
    *("front-left", "front-right", "front-center", "lfe", "rear-left", "rear-right"),
    *("front-left-of-center", "front-right-of-center"),
)


class Sound(NamedTuple):
    """What a source gives."""

    rate: int
    channels: int


def command(port: str, rate: int, channels: int) -> list[str]:
    """The command line that writes the sound of that port to standard output as s16le, at its own rate."""
    quick = ["-fflags", "nobuffer", "-probesize", "32", "-analyzeduration", "0"]
    asked = ["-sample_rate", str(rate), "-channels", str(channels)]
    kind, _, rest = port.partition(":")
    if kind == "alsa":
        source = [*quick, "-f", "alsa", *asked, "-thread_queue_size", "512", "-i", rest]
    elif kind == "pulse":
        name, _, server = rest.partition("@")
        fragment = ["-fragment_size", str(round(rate * FRAGMENT_S) * channels * 2)]
        source = [*quick, "-f", "pulse", *(["-server", server] if server else []), *asked, *fragment, "-i", name]
    elif kind == "rtp":
        source = ["-protocol_whitelist", "file,udp,rtp", "-fflags", "nobuffer", "-i", rest]
    elif kind == "rtsp":
        source = ["-rtsp_transport", "tcp", "-fflags", "nobuffer", "-i", port]
    else:
        source = ["-re", "-i", rest]
    out = ["-map", "0:a:0", "-f", "s16le", "-c:a", "pcm_s16le", "-flush_packets", "1", "pipe:1"]
    return ["ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "info", *source, *out]


def sound_in(line: str) -> Sound | None:
    """What the source gives, if this line of ffmpeg's report says so."""
    found = _STREAM.search(line)
    if found is None:
        return None
    layout = found[2].removesuffix(" channels").strip()
    return Sound(int(found[1]), int(layout) if layout.isdigit() else _NAMED_LAYOUTS.get(layout, 0))


def server_of(port: str) -> tuple[str, str] | None:
    """(name, server) of a sound server's source, None for any other."""
    kind, _, rest = port.partition(":")
    name, _, server = rest.partition("@")
    return (name, server) if kind == "pulse" else None


def places(channels: int) -> str:
    """The channel map under which ffmpeg asks a sound server (WAVEEX, extended); under any other it mixes seats."""
    if channels == 1:
        return "mono"
    known = max(count for count in (2, 3, 4, 6, 8) if count <= channels)
    return ",".join([*_WAVEEX[:known], *(f"aux{n}" for n in range(channels - known))])


def sound_listed(listing: str, name: str, channels: int) -> Sound | None:
    """What a source really has, from `pactl list sources`. Raises DeviceFault if the server would mix its seats."""
    for source in listing.split("\nSource #"):
        told = dict(re.findall(r"^\t(Name|Sample Specification|Channel Map): (.+)$", source, re.MULTILINE))
        if told.get("Name") != name:
            continue
        found = re.search(r"(\d+)ch (\d+)Hz", told["Sample Specification"])
        if found is None:
            return None
        if int(found[1]) == channels and told["Channel Map"] != places(channels):
            raise DeviceFault(
                f"{name}: its channel map is {told['Channel Map']}, with which the server mixes seats; "
                f"load it with channel_map={places(channels)}"
            )
        return Sound(int(found[2]), int(found[1]))
    return None


def unlike(sound: Sound, rate: int, channels: int) -> str | None:
    """What is wrong with a source that was promised to be otherwise; None if it is as promised."""
    if sound.channels < channels:
        return f"it has {sound.channels} channels, {channels} are promised; correct `channels` or the wiring"
    if sound.channels > channels:
        return f"it has {sound.channels} channels; write `channels: {sound.channels}` and give each seat its own"
    if sound.rate != rate:
        return f"it runs at {sound.rate} Hz, not at {rate}; write `rate: {sound.rate}` or set the device"
    return None
