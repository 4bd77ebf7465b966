"""A table on the network whose crystal is off: RTP L16 to PORT on the loopback, `python -m tests.kit.rtp_source ...`.

Sample n of channel c is `value(n, c)`, so that whoever hears it knows which sample it was. It prints where its SDP file
is, and sends until its input ends.
"""

import json
import select
import socket
import struct
import sys
import time
from array import array
from pathlib import Path

RATE, CHANNELS = 16000, 2
_PACKET = RATE // 100
_PERIOD = 30000
_SDP = """v=0
o=- 0 0 IN IP4 127.0.0.1
s=table
c=IN IP4 127.0.0.1
t=0 0
m=audio {port} RTP/AVP 97
a=rtpmap:97 L16/{rate}/{channels}
"""


def value(sample: int, channel: int) -> int:
    """What is heard then; never silence."""
    return sample % _PERIOD + 1 if channel == 0 else -(sample % _PERIOD) - 1


def packet(number: int) -> bytes:
    """The so-and-so-many-th packet, of a hundredth of a second."""
    first = number * _PACKET
    sound = array("h", (value(first + n, c) for n in range(_PACKET) for c in range(CHANNELS)))
    sound.byteswap()  # the network's order
    return struct.pack("!BBHII", 0x80, 97, number & 0xFFFF, first & 0xFFFFFFFF, 0x434F5552) + sound.tobytes()


def described(port: int) -> str:
    """The SDP of that sound."""
    return _SDP.format(port=port, rate=RATE, channels=CHANNELS)


def main(port: int, ppm: float, sdp: Path) -> None:
    """Send in real time, by a clock that is so many parts per million fast."""
    sdp.write_text(described(port))
    sys.stdout.write(json.dumps({"sdp": str(sdp)}) + "\n")
    sys.stdout.flush()
    begun, number = time.monotonic(), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        while True:
            due = begun + number * _PACKET / RATE / (1 + ppm / 1e6)
            if select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
                return
            out.sendto(packet(number), ("127.0.0.1", port))
            number += 1


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
