"""The bare path of a wish: sign, commit, one MQTT QoS 1 hop without Nagle's delay, verify, commit, a byte on a pty.

`python -m tests.bench.bare_wish PORT PTY DIR` is the far end, a process of its own as the gateway is.
"""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from paho.mqtt.client import CallbackAPIVersion, Client, MQTTMessage, MQTTProtocolVersion

TOPIC = "bare/wish"
BYTES = bytes.fromhex("02 00 31 03 36")


@contextmanager
def path(port: int, folder: Path) -> Iterator[Callable[[], float]]:
    """The path over the broker on `port`; what it gives sends one wish and tells the seconds until its first byte."""
    key = Ed25519PrivateKey.generate()
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "tests.bench.bare_wish", str(port), os.ttyname(theirs), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as far_end:
        if far_end.stdout is None or "ready" not in far_end.stdout.readline():
            raise RuntimeError("the far end did not start")
        client = _client()
        client.connect("127.0.0.1", port)
        client.loop_start()
        base = _base(folder / "near.db")
        numbers = count()
        yield lambda: _one(client, base, key, next(numbers), ours)
        client.disconnect()
        client.loop_stop()
        far_end.terminate()
    base.close()
    os.close(ours)
    os.close(theirs)


def _one(client: Client, base: sqlite3.Connection, key: Ed25519PrivateKey, number: int, line: int) -> float:
    begun = time.perf_counter()
    claims = {"jti": f"bare{number:06}", "iss": "court", "aud": "box", "exp": int(time.time()) + 30, "cell": 1}
    base.execute("INSERT INTO wish VALUES (?, ?)", (claims["jti"], "asked"))
    client.publish(TOPIC, jwt.encode(claims, key, algorithm="EdDSA"), qos=1)
    got = b""
    while len(got) < len(BYTES):
        got += os.read(line, 64)
    return time.perf_counter() - begun


def _client() -> Client:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_socket_open = lambda _c, _u, sock: sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def _base(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute("CREATE TABLE wish (jti TEXT PRIMARY KEY, state TEXT)")
    return base


def _far_end(port: int, pty: str, folder: Path) -> None:
    key: Any = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    public, base, line = key.public_key(), _base(folder / "far.db"), os.open(pty, os.O_WRONLY | os.O_NOCTTY)

    def heard(_client: Client, _user: object, message: MQTTMessage) -> None:
        claims = jwt.decode(message.payload, public, algorithms=["EdDSA"], audience="box", issuer="court")
        base.execute("INSERT INTO wish VALUES (?, ?)", (claims["jti"], "taken"))
        os.write(line, BYTES)

    client = _client()
    client.on_message = heard
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    client.subscribe(TOPIC, qos=1)
    client.loop_forever()


if __name__ == "__main__":
    _far_end(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
