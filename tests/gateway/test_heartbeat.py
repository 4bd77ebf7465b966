"""How a box says that it is well: a heartbeat on the live topic, and figures that Prometheus reads."""

import asyncio
import json
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from devices.health import Heartbeat
from gateway.heartbeat import Pulse
from gateway.metrics import serve
from tests.gateway.test_app import _run, _site
from tests.kit.box import box
from tests.kit.court import FakeCentral
from tests.kit.mosquitto import free_port


async def test_a_heartbeat_comes_as_soon_as_the_link_is_made(tmp_path: Path) -> None:
    async with _site(tmp_path) as site, _run(site):
        topic = site.central.topics.live("gateway", "health")
        told: list[bytes] = []

        def came(central: FakeCentral) -> bool:
            told.extend(payload for seen, payload in central.seen if seen == topic)
            return bool(told)

        await site.central.until(came)
        beat = Heartbeat(**json.loads(told[0]))
        assert beat.memory_mb > 10 and 0 < beat.disk_used <= 1 and beat.uptime_s > 0


async def test_prometheus_reads_the_figures_and_which_devices_are_there(tmp_path: Path) -> None:
    async with box(tmp_path) as at:
        port, up = free_port(), asyncio.Event()

        async def is_up() -> None:
            up.set()

        pulse = Pulse(at.journal, at.bench, tmp_path)
        serving = asyncio.create_task(serve(pulse, f"127.0.0.1:{port}", is_up))
        await up.wait()
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{port}/metrics")
        told = {family.name: family.samples for family in text_string_to_metric_families(answer.text)}
        assert told["courtside_gateway_devices_gone"][0].value == 0
        there = {sample.labels["device"]: sample.value for sample in told["courtside_device_up"]}
        assert there == {"wall-a": 1, "reader-a": 1, "slip-a": 1}
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
