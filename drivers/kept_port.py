"""A TCP port that stays its owner's while nobody listens there: for emulators, which go away and come back."""

import socket
import weakref

LOOPBACK = "127.0.0.1"


class KeptPort:
    """A port of the loopback that was free, kept until this object is gone.

    A socket is bound to it and does not listen. Who asks for this very port may listen there (SO_REUSEADDR); who asks
    the system for any port, to listen or as its own end of a connection, gets another.
    """

    def __init__(self) -> None:
        keeps = socket.socket()
        keeps.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeps.bind((LOOPBACK, 0))
        self.number: int = keeps.getsockname()[1]
        weakref.finalize(self, keeps.close)
