"""A real Mosquitto on a free port, in a folder of its own; plain, or with TLS and client certificates."""

import socket
import subprocess
import time
from pathlib import Path

from central.fleet.broker_conf import end
from drivers.kept_port import KeptPort

_EXE = "/usr/sbin/mosquitto"
_KEPT: list[KeptPort] = []


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on, and that nobody else is given while this process lives."""
    _KEPT.append(KeptPort())
    return _KEPT[-1].number


class Mosquitto:
    """One broker. With `tls` (a folder holding ca.pem, server.pem, server.key) it admits by client certificate only."""

    def __init__(self, folder: Path, tls: Path | None = None, acl: str | None = None) -> None:
        self.folder = folder
        self.host, self.port = "127.0.0.1", free_port()
        self._conf = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "data").mkdir(exist_ok=True)
        lines = [
            f"listener {self.port} {self.host}",
            "user root",
            "set_tcp_nodelay true",
            "persistence true",
            f"persistence_location {folder}/data/",
            "max_queued_messages 10000",
        ]
        if tls is None:
            lines.append("allow_anonymous true")
        else:
            lines += [f"cafile {tls}/ca.pem", f"certfile {tls}/server.pem", f"keyfile {tls}/server.key"]
            lines += ["require_certificate true", "use_identity_as_username true"]
        if acl is not None:
            (folder / "acl").write_text(acl)
            (folder / "acl").chmod(0o600)
            lines.append(f"acl_file {folder}/acl")
        self._conf.write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        """Start it and wait until it listens."""
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen([_EXE, "-c", str(self._conf)], stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection((self.host, self.port), timeout=1).close()
                return
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.01)
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        """End it in order; retained messages and sessions stay on its disk."""
        if self._process is not None:
            end(self._process)
            self._process = None

    def kill(self, *, wipe: bool = False) -> None:
        """End it at once, perhaps with all it had on disk."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if wipe:
            for path in (self.folder / "data").iterdir():
                path.unlink()
