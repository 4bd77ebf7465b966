"""A kept port is given to nobody who does not ask for it by its number."""

import errno
import socket

import pytest

from drivers.kept_port import LOOPBACK, KeptPort


def listening(port: int) -> socket.socket:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((LOOPBACK, port))
    door.listen()
    return door


def test_who_asks_for_it_listens_there_again_and_again() -> None:
    port = KeptPort()
    for _ in range(3):
        with listening(port.number), socket.create_connection((LOOPBACK, port.number), timeout=10):
            pass


def test_while_nobody_listens_it_is_still_nobody_elses() -> None:
    port = KeptPort()
    with listening(port.number):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port.number), timeout=10)
    with socket.socket() as caller, pytest.raises(OSError) as refused:
        caller.bind((LOOPBACK, port.number))
    assert refused.value.errno == errno.EADDRINUSE


def test_once_nobody_keeps_it_it_is_free() -> None:
    port = KeptPort()
    number = port.number
    del port
    with socket.socket() as caller:
        caller.bind((LOOPBACK, number))
