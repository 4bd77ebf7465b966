"""The box's figures for Prometheus, in its text format 0.0.4, over a plain HTTP port; imported only where it is set."""

import asyncio
from collections.abc import Iterator, Mapping

from gateway.heartbeat import Pulse
from gateway.supervise import Up

_REQUEST_S = 5.0
_HELP: Mapping[str, str] = {
    "uptime_s": "Seconds since the gateway was started",
    "queue": "Lines central has not committed",
    "disk_free_mb": "Megabytes free where the journal lies",
    "disk_used": "Share of that disk that is full",
    "memory_mb": "Megabytes of resident memory",
    "load": "Load of one minute",
    "temperature_c": "Degrees Celsius of the hottest zone",
    "ack_ms": "Milliseconds from sending a batch to central's word",
    "reconnects": "Connections to the broker made anew",
    "signal_dbm": "Level of the wireless network",
    "clock_error_ms": "Milliseconds by which the clock may be off, by chrony's word",
    "devices_gone": "Devices that cannot be reached",
    "noise": "Stray bytes on all lines",
    "retries": "Questions asked again on all lines",
}


def text(pulse: Pulse) -> str:
    """Everything Prometheus is told. Raises OSError if the data folder is gone."""
    return "\n".join(_lines(pulse)) + "\n"


async def serve(pulse: Pulse, address: str, up: Up) -> None:
    """Answer every request at `host:port` with the figures, until cancelled. Raises OSError if it is taken."""
    host, _, port = address.rpartition(":")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_S):
                await reader.readuntil(b"\r\n\r\n")
                body = text(pulse).encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}\r\n"
                writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # whoever asks so gets no answer
        finally:
            writer.close()

    async with await asyncio.start_server(answer, host, int(port)) as server:
        await up()
        await server.serve_forever()


def _lines(pulse: Pulse) -> Iterator[str]:
    for name, value in pulse.beat().figures().items():
        yield f"# HELP courtside_gateway_{name} {_HELP[name]}"
        yield f"# TYPE courtside_gateway_{name} gauge"
        yield f"courtside_gateway_{name} {value}"
    yield "# HELP courtside_device_up Whether the device can be reached"
    yield "# TYPE courtside_device_up gauge"
    for device in pulse.bench.devices:
        yield f'courtside_device_up{{device="{device}"}} {int(device in pulse.bench.reached_names)}'
    yield "# HELP courtside_device_noise_bytes Stray bytes on the device's line"
    yield "# TYPE courtside_device_noise_bytes gauge"
    for device, counts in pulse.bench.counts().items():
        yield f'courtside_device_noise_bytes{{device="{device}"}} {counts.noise}'
