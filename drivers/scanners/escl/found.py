"""Where a scanner is that tells its name by mDNS (`_uscan._tcp`); asked for once, nothing listens afterwards."""

import re

from zeroconf import InterfaceChoice, IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from devices.errors import DeviceOffline

SERVICE = "_uscan._tcp.local."
PORT = re.compile(r"mdns:([^@]+)(?:@([0-9.]+))?")
"""The scanner's name, and the address of the box's own interface at which it is looked for (all)."""


async def url_of(port: str, within_s: float) -> str:
    """The scanner's address, as `http://...`. Raises DeviceOffline, naming the scanners that were heard instead."""
    told = PORT.fullmatch(port)
    if told is None:
        raise DeviceOffline(f"{port} is no name of a scanner")
    name, interface = told[1], told[2]
    try:
        at = [interface] if interface else InterfaceChoice.All
        ears = AsyncZeroconf(interfaces=at, ip_version=IPVersion.V4Only)
    except OSError as error:
        raise DeviceOffline(f"scanners cannot be looked for by mDNS: {error}") from error
    names: set[str] = set()

    def heard(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        names.add(name.removesuffix(f".{SERVICE}"))

    browser = AsyncServiceBrowser(ears.zeroconf, SERVICE, handlers=[heard])
    try:
        scanner = AsyncServiceInfo(SERVICE, f"{name}.{SERVICE}")
        if await scanner.async_request(ears.zeroconf, within_s * 1000) and scanner.parsed_addresses():
            folder = (scanner.decoded_properties.get("rs") or "eSCL").strip("/")
            return f"http://{scanner.parsed_addresses()[0]}:{scanner.port}/{folder}"
    finally:
        await browser.async_cancel()
        await ears.async_close()
    others = ", ".join(map(repr, sorted(names))) or "none at all"
    raise DeviceOffline(f"no scanner tells the name {name!r} by mDNS; heard: {others}")
