"""The worker: serves the page, has Chromium show it if told to, and knows what the page says it has painted.

`python -m drivers.displays.web_screen.screen HOST PORT [BROWSER...]`
"""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from devices.errors import DeviceOffline
from drivers.worker import serve

PAGE = Path(__file__).with_name("page.html")
_KIOSK = (  # devices.md 6f
    *("--kiosk", "--noerrdialogs", "--disable-infobars", "--incognito", "--no-first-run"),
    *("--autoplay-policy=no-user-gesture-required", "--check-for-update-interval=31536000"),
)
_WITH_US = ("setpriv", "--pdeathsig", "KILL")
"""Whatever ends the worker, the kernel ends the browser."""
_LAST_WORD_S = 1.5
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"


class Screen:
    """What is to be shown, until when, and what the page last said; the steady clock decides."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notice: Mapping[str, Any] = {}
        self._number = 0
        self._until = 0.0
        self._painted = ""
        self._heard: float | None = None

    def show(self, notice: Mapping[str, Any], seconds: float) -> int:
        """Show it for so long; gives the number under which it is painted."""
        with self._lock:
            self._number += 1
            self._notice, self._until = notice, time.monotonic() + seconds
            return self._number

    def blank(self) -> None:
        """Show nothing."""
        with self._lock:
            self._notice = {}

    def now(self, painted: str | None) -> dict[str, Any]:
        """For the page, which says what it has painted: what to show, and for how long still; empty for nothing."""
        with self._lock:
            self._painted, self._heard = painted or "", time.monotonic()
            left = self._until - time.monotonic()
            if not self._notice or left <= 0:
                self._notice = {}
                return {}
            return {**self._notice, "number": str(self._number), "left_s": round(left, 3)}

    def state(self) -> dict[str, Any]:
        """What the page last said, and how many seconds ago; None before it said anything."""
        with self._lock:
            silent_s = None if self._heard is None else time.monotonic() - self._heard
            return {"painted": self._painted, "silent_s": silent_s}


def main(host: str, port: str, *browser: str) -> None:
    """Serve until standard input ends."""
    screen = Screen()
    try:
        server = _server(screen, host, int(port))
    except OSError as error:
        why = f"http://{host}:{port} cannot be served: {error}; choose another port"
        serve(lambda _: _gone(why))
        return
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with _shown(browser, f"http://{host}:{port}/") as process:
        serve(lambda question: _answers(screen, process, question))
    server.shutdown()


def _answers(
    screen: Screen, process: subprocess.Popen[bytes] | None, question: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    if process is not None and process.poll() is not None:
        raise DeviceOffline(f"the browser has ended ({process.returncode})")
    if question["do"] == "show":
        yield {"number": str(screen.show(question["notice"], question["seconds"]))}
    elif question["do"] == "blank":
        screen.blank()
    else:
        yield screen.state()


def _gone(why: str) -> Iterator[dict[str, Any]]:
    raise DeviceOffline(why)


def _server(screen: Screen, host: str, port: int) -> ThreadingHTTPServer:
    class Page(BaseHTTPRequestHandler):
        """The page, and what it asks for."""

        def do_GET(self) -> None:
            """Answer."""
            asked = urlsplit(self.path)
            if self.headers.get("Host", "").rpartition(":")[0] != host:
                self.send_error(421)
            elif asked.path == "/now":
                painted = parse_qs(asked.query).get("painted", [""])[0]
                self._say(json.dumps(screen.now(painted)).encode(), "application/json")
            elif asked.path == "/":
                self._say(PAGE.read_bytes(), "text/html; charset=utf-8")
            else:
                self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            """Each half second is too often for a log."""

        def _say(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Security-Policy", _POLICY)
            self.end_headers()
            self.wfile.write(body)

    return ThreadingHTTPServer((host, port), Page)


@contextmanager
def _shown(browser: Sequence[str], url: str) -> Iterator[subprocess.Popen[bytes] | None]:
    """The browser with a profile of its own, which goes with it."""
    if not browser:
        yield None
        return
    profile = tempfile.mkdtemp(prefix="courtside-screen-")
    try:
        told = [*_WITH_US, *browser, *_KIOSK, f"--user-data-dir={profile}", url]
        process = subprocess.Popen(told, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_LAST_WORD_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(profile, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
