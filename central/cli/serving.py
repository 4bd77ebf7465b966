"""`serve`: central's HTTP door, and the court's own broker beside it if asked for."""

import asyncio
import contextlib
import logging
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI

from central.app import create_app
from central.cli.plain import Fault
from central.fleet import broker_conf
from central.founding import place_of
from central.settings import Settings
from devices import log_form

_LAST_ANSWERS_S = 2
_LOOK_S = 0.05


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which end the process before anything is put away."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """`_serve` has its own."""
        yield


def serve(told: Settings, *, with_broker: bool, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` hears the address once requests are answered.

    Raises Fault (port taken, broker ended, a part of central ended that should not), BrokerFailed, NoKeys.
    """
    log_form.set_up(told.log)
    for talkative in ("alembic", "httpx"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    with _bound(told) as door:
        asyncio.run(_serve(create_app(told), door, told, with_broker=with_broker, ready=ready))


async def _serve(
    app: FastAPI, door: socket.socket, told: Settings, *, with_broker: bool, ready: Callable[[str], None]
) -> None:
    server = _server(app, told)

    def end() -> None:
        server.should_exit = True

    for sort in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sort, end)
    with own_broker(told) if with_broker else contextlib.nullcontext() as broker:
        serving = asyncio.create_task(server.serve([door]))
        said = False
        while not (await asyncio.wait([serving], timeout=_LOOK_S))[0]:
            if server.started and not said:
                ready(told.public_url)
                said = True
            why = "" if server.should_exit else _gone(app, broker)
            if why:
                end()
                await serving
                raise Fault(why)
        await serving
    if not said and not server.should_exit:
        raise Fault("central did not start; the reason is above")


def _gone(app: FastAPI, broker: subprocess.Popen[bytes] | None) -> str:
    """What ended without which serving makes no sense, in words; empty if nothing did."""
    if broker is not None and broker.poll() is not None:
        return f"the broker ended with code {broker.returncode}; see broker/mosquitto.log"
    ended = app.state.ailing()
    return f"{', '.join(ended)} ended unexpectedly, the reason is above; start central again" if ended else ""


def _server(app: FastAPI, told: Settings) -> _Server:
    pki = told.home / "pki"
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS_S,  # live pages hold their connection for ever
        ssl_certfile=pki / "https.pem" if told.http.tls else None,
        ssl_keyfile=pki / "https.key" if told.http.tls else None,
    )
    return _Server(config)


def own_broker(told: Settings) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """The court's Mosquitto while the context lasts, where the settings say now. Raises BrokerFailed."""
    place = place_of(told)
    if (place.folder / broker_conf.CONF).exists():
        broker_conf.say_where(place)  # port and folders may be others than when the court was founded
    else:
        broker_conf.write_conf(place, told.court, [], told.broker.centrals)
    return broker_conf.start_broker(place)


@contextlib.contextmanager
def _bound(told: Settings) -> Iterator[socket.socket]:
    host, port = told.http.host, told.http.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Unless TCP is named, asyncio leaves Nagle's delay on: 40 ms an answer.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError as error:
            why = f"cannot listen on {host}:{port}: {error.strerror}"
            hint = "does this court run already? Else set http.host or http.port (and public_url) in central.yaml"
            raise Fault(f"{why}; {hint}") from error
        yield door
