"""`python -m gateway.screen SOCKET --port N`: the display's page on 127.0.0.1."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from gateway.loopback import serve
from gateway.screen.feed import Feed
from gateway.screen.page import STATIONS, page


def main() -> int:
    """Serve until SIGINT, SIGTERM or, started by a gateway, the end of that gateway."""
    parser = argparse.ArgumentParser(prog="python -m gateway.screen", description=__doc__)
    parser.add_argument("socket", type=Path, help="the station's unix socket")
    parser.add_argument("--station", choices=STATIONS, default="locker", help="whose page")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (a free one)")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input does")
    args = parser.parse_args()
    try:
        asyncio.run(show(args.socket, args.station, args.port, until_eof=args.until_eof))
    except OSError as error:
        sys.stderr.write(f"the display's page cannot be served: {error}; choose another screen_port\n")
        return 1
    return 0


async def show(socket: Path, station: str, port: int, *, until_eof: bool) -> None:
    """Follow the station and serve its page; the address is told on standard output."""
    feed = Feed(socket)

    async def ready(url: str) -> None:
        sys.stdout.write(json.dumps({"screen": url}) + "\n")
        sys.stdout.flush()

    following = asyncio.create_task(feed.follow())
    try:
        await serve(page(feed, station), port, ready, until_eof=until_eof)
    finally:
        following.cancel()


if __name__ == "__main__":
    sys.exit(main())
