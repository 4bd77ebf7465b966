"""What one more device costs a gateway: memory with few lock boards and with many, each on a port of its own."""

import sys
import tempfile
from pathlib import Path

import psutil

from devices.errors import DeviceOffline
from tests.bench.figures import Figure, told
from tests.kit.court import COURT, Court
from tests.kit.process import Process, until

FEW, MANY = 4, 68
_FILE = "gateway: bench\ncourt: {court}\ndata: {data}\ndevices:\n{devices}"
_DEVICE = "  wall-{n}: {{driver: locks/kr_cu16, port: /dev/wall-{n}, cells: 12}}\n"


def measure(few: int = FEW, many: int = MANY) -> list[Figure]:
    """The difference, divided by the number of devices."""
    with tempfile.TemporaryDirectory(prefix="courtside-bench-") as folder:
        less, more = (_resident_kb(Path(folder) / str(count), count) for count in (few, many))
    return [told("memory for one more lock board", (more - less) / (many - few), "KB")]


def _resident_kb(folder: Path, count: int) -> float:
    """Of a gateway with so many boards, all of them there."""
    data, file, ports = folder / "data", folder / "bench.yaml", folder / "ports"
    Court(folder / "court").identity("bench", data)
    devices = "".join(_DEVICE.format(n=n) for n in range(count))
    file.write_text(_FILE.format(court=COURT, data=data, devices=devices))
    simulate = (sys.executable, "-m", "gateway.simulate", file, ports)
    run = (sys.executable, "-m", "gateway", "run", file, "--simulate", "--emulators", ports)
    emulators = Process("emulators", simulate, folder / "emulators.log", '"page"')
    gateway = Process("gateway", run, folder / "gateway.log", '"event": "ready"')
    try:
        emulators.start()
        gateway.start()
        until("all boards are up", lambda: all(gateway.said(f"wall-{n} is up") for n in range(count)))
        return psutil.Process(gateway.pid).memory_info().rss / 1024
    except psutil.NoSuchProcess as error:
        raise DeviceOffline("the gateway ended") from error
    finally:
        gateway.stop()
        emulators.stop()
