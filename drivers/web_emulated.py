"""A device in software that is reached by HTTP: a server on the loopback, in a thread of its own."""

import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from drivers.kept_port import LOOPBACK, KeptPort


@dataclass(frozen=True)
class Answer:
    """What the device answers to one HTTP request."""

    status: int
    body: bytes = b""
    kind: str = "text/xml"
    location: str = ""
    cut: bool = False
    """The cable is pulled while half of it is on its way."""


class Emulated(Protocol):
    """The device; it may be asked by several threads at once."""

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """The answer to one request."""


class WebServer:
    """Serves one device, with `tls` behind its certificate; once it has a port it comes back there."""

    def __init__(self, device: Emulated, tls: ssl.SSLContext | None = None) -> None:
        self._port = KeptPort()
        self._tls = tls
        self._device = device
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port.number

    def start(self) -> None:
        """Listen. Raises OSError."""
        device = self._device

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                told = device.answer(self.command, self.path, body)
                if told.cut and not told.body:
                    return
                self.send_response(told.status)
                self.send_header("Content-Length", str(len(told.body)))
                if told.body:
                    self.send_header("Content-Type", told.kind)
                if told.location:
                    self.send_header("Location", told.location)
                self.end_headers()
                self.wfile.write(told.body[: len(told.body) // 2] if told.cut else told.body)

            do_GET = do_POST = do_DELETE = _answer

            def log_message(self, format: str, *args: object) -> None:
                return

        server = ThreadingHTTPServer((LOOPBACK, self.port), Handler)
        server.daemon_threads = True
        if self._tls is not None:  # shaken hands in the thread of each request: who says nothing holds up nobody
            server.socket = self._tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Vanish; may be called twice."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = self._thread = None
