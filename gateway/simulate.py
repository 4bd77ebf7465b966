"""Emulators of a gateway's file behind real ports: `python -m gateway.simulate FILE DIR` (tests, demo, training)."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from drivers.usb_port import is_usb
from gateway.catalogue import Emulator, Findable, emulator, stage
from gateway.config import DeviceConfig, read
from gateway.config_text import BadConfig
from gateway.loopback import serve
from gateway.simulator import told
from gateway.simulator.cables import TICK_S, Cable, Found, Plug, Pty, Tcp
from gateway.simulator.page import Shown, page
from gateway.simulator.staged import Staged
from gateway.simulator.usb import Usb


def main() -> int:
    """Run until SIGINT, SIGTERM or, started by a gateway, the end of that gateway."""
    parser = argparse.ArgumentParser(prog="python -m gateway.simulate", description=__doc__)
    parser.add_argument("file", type=Path, help="the gateway's file")
    parser.add_argument("folder", type=Path, help="where the emulated ports appear")
    parser.add_argument("--emulators-port", type=int, default=0, help="port of the page on 127.0.0.1 (a free one)")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input does")
    args = parser.parse_args()
    try:
        devices = read(args.file).devices
        asyncio.run(simulate(devices, args.folder, args.emulators_port, until_eof=args.until_eof))
    except (BadConfig, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def simulate(devices: Mapping[str, DeviceConfig], folder: Path, page_port: int, *, until_eof: bool) -> None:
    """Emulate these devices; where their ports are is told on standard output and in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    cables = _cables(devices.values(), folder)
    shown = {
        name: Shown(name, device.product.name, device.product.driver.ABOUT, cables[device.settings.port])
        for name, device in devices.items()
    }

    async def ready(url: str) -> None:
        ports = {port: await cable.plug() for port, cable in cables.items()}
        sys.stdout.write(told.Emulators(url, ports).write(folder) + "\n")
        sys.stdout.flush()

    ticking = asyncio.create_task(_tick(list(cables.values())))
    try:
        await serve(page(shown), page_port, ready, until_eof=until_eof)
    finally:
        ticking.cancel()
        told.forget(folder)
        for cable in cables.values():
            await cable.unplug()


def _cables(devices: Iterable[DeviceConfig], folder: Path) -> dict[str, Cable | Staged]:
    """One for each port, with every device on it."""
    sharing: dict[str, list[DeviceConfig]] = {}
    for device in devices:
        sharing.setdefault(device.settings.port, []).append(device)
    cables: dict[str, Cable | Staged] = {}
    for number, (port, users) in enumerate(sharing.items()):
        first, name = users[0], folder / f"{Path(port).name}.{number}"
        if staged := stage(first.product.name, first.settings.model_dump(), name):
            cables[port] = Staged(first.name, staged)
            continue
        emulators = {user.name: emulator(user.product.name, user.settings.model_dump()) for user in users}
        cables[port] = Cable(emulators, _plug(port, first.product.kind, name, emulators[first.name]))
    return cables


def _plug(port: str, kind: str, name: Path, device: Emulator) -> Callable[[Callable[[bytes], None]], Plug]:
    if is_usb(port):
        return partial(Usb, port, kind)
    if port.startswith("tcp://"):
        return Tcp
    return partial(Found, device) if isinstance(device, Findable) else partial(Pty, name)


async def _tick(cables: Iterable[Cable | Staged]) -> None:
    while True:
        for cable in cables:
            cable.tick()
        await asyncio.sleep(TICK_S)


if __name__ == "__main__":
    sys.exit(main())
