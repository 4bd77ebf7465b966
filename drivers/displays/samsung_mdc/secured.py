"""MDC behind TLS and a PIN (devices.md 6b), and the display's end of it in software, in memory.

The display's certificate is its own and names nobody. Without its fingerprint what is said cannot be read on the way,
but who answers at the address is not proven.
"""

import asyncio
import ssl
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from devices.errors import DeviceFault, DeviceOffline
from drivers.link import CONNECT_S, Link, TcpLink
from drivers.pinned import pinned, unchecked

START, PASS, FAIL = b"MDCSTART<<TLS>>", b"MDCAUTH<<PASS>>", b"MDCAUTH<<FAIL:0x01>>"
ENDS = b">>"
CHUNK = 4096


async def open_secured(port: str, pin: str, fingerprint: str = "") -> Link:
    """Open `tcp://...` with TLS and tell the PIN, to that certificate alone if `fingerprint` is given.

    Raises DeviceOffline, DeviceFault (the PIN is wrong).
    """
    where = urlsplit(port)
    with ExitStack() as undo:
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(where.hostname, where.port)
                undo.callback(writer.close)
                if await reader.readexactly(len(START)) != START:
                    raise DeviceOffline(f"{port} asks for no TLS; is this MDC, with its secured protocol on?")
                await writer.start_tls(pinned(fingerprint) if fingerprint else unchecked())
                writer.write(pin.encode())
                told = await reader.readuntil(ENDS)
        except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError) as error:
            raise DeviceOffline(f"{port} cannot be reached by TLS: {error or 'no answer'}") from error
        if told != PASS:
            raise DeviceFault("the display refuses the PIN; set `pin` as it stands in its menu")
        undo.pop_all()
    return _SecuredLink(port, reader, writer)


class _SecuredLink(TcpLink):
    """Closed without a farewell: asyncio would wait half a minute for the display's own."""

    async def close(self) -> None:
        """Close the connection; a waiting read ends with DeviceOffline."""
        self._writer.transport.abort()
        await super().close()


class Door:
    """The display's end: it says first that it wants TLS, then wants the PIN, then lets through."""

    def __init__(self, pin: str) -> None:
        self._pin = pin.encode()
        self._context = _with_certificate()
        self.greet()

    def greet(self) -> bytes:
        """What it says to whoever connects."""
        self._inbound, self._outbound = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = self._context.wrap_bio(self._inbound, self._outbound, server_side=True)
        self._passed = False
        return START

    def heard(self, data: bytes) -> bytes:
        """What is said behind the door by somebody who knew the PIN."""
        self._inbound.write(data)
        said = b""
        try:
            self._tls.do_handshake()
            while chunk := self._tls.read(CHUNK):
                said += chunk
        except ssl.SSLError:  # more has to come, or it never will
            pass
        if self._passed or not said:
            return said
        self._passed = said == self._pin
        self._tls.write(PASS if self._passed else FAIL)
        return b""

    def told(self, answer: bytes) -> bytes:
        """The answer as it goes through the door, with what TLS itself has to say."""
        if answer:
            self._tls.write(answer)
        return self._outbound.read()


def _with_certificate() -> ssl.SSLContext:
    """Of a server with a certificate of its own making, as a panel has one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "panel")]), datetime.now(UTC)
    begun = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = begun.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=3650))
    certificate = dated.serial_number(x509.random_serial_number()).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(secret + certificate.public_bytes(pem))
        file.flush()
        context.load_cert_chain(file.name)
    return context
