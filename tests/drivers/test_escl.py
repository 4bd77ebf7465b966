"""What only eSCL scanners must keep: each trouble by its name, the habits of real ones, and a name told by mDNS."""

import asyncio
import hashlib
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import DeviceFault, DeviceOffline, WishRejected
from devices.scanners import Page, ScannerChanged, ScanSettings, ScanStopped
from drivers.escl_feeder import Feeder, numbered, scanned
from drivers.scanners.escl import documents as xml
from drivers.scanners.escl.driver import Config, Device, hold
from drivers.web_emulated import Answer, WebServer
from tests.kit.court import Court
from tests.kit.feeder import LIGHT, desk

ESCL = "scanners/escl"
VECTORS: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "vectors" / "escl.yaml").read_text())


class Moody(Feeder):
    """A feeder that gives these answers first to requests that end so, by turns: what real scanners do."""

    def __init__(self, ending: str, *answers: Answer) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._ending = ending
        self._answers = deque(answers)

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """One of those, else the feeder's own."""
        self.asked.append(f"{method} {path}")
        if path.endswith(self._ending) and self._answers:
            return self._answers.popleft()
        return super().answer(method, path, body)


@asynccontextmanager
async def reached_at(port: str, **settings: Any) -> AsyncIterator[Device]:
    config = Config(port=port, **{"look_s": 0.02, "timeout_s": 20, **settings})
    held = await hold(config)
    try:
        yield Device(config, held)
    finally:
        await held.close()


@asynccontextmanager
async def reached(feeder: Feeder, folder: str = "/eSCL", **settings: Any) -> AsyncIterator[Device]:
    server = WebServer(feeder)
    server.start()
    try:
        async with reached_at(f"http://127.0.0.1:{server.port}{folder}", **settings) as device:
            yield device
    finally:
        server.stop()


async def batch(device: Device, settings: ScanSettings = LIGHT) -> list[Page]:
    return [page async for page in device.scan(settings)]


@contextmanager
def stops(why: str) -> Iterator[None]:
    with pytest.raises(ScanStopped) as ended:
        yield
    assert ended.value.why == why


def test_what_a_scanner_published_is_read() -> None:
    has = xml.capabilities_of(VECTORS["capabilities"].encode())
    assert set(has.inputs) == {"flatbed", "feeder", "feeder_duplex"} and has.version == "2.5"
    assert has.inputs["flatbed"].resolutions == (75, 100, 200, 300, 600, 1200)
    assert has.inputs["feeder_duplex"].resolutions == (75, 100, 200, 300)
    assert has.inputs["feeder"].size == (2550, 4200) and has.inputs["feeder_duplex"].size == (2550, 3507)
    assert has.inputs["feeder"].modes == ("Grayscale8", "RGB24")
    assert has.ranges == {"brightness": (0, 2000), "contrast": (0, 2000), "threshold": (0, 255)}
    assert has.intents == ("Document", "Photo", "Preview", "TextAndGraphic")


@pytest.mark.parametrize("row", VECTORS["states"], ids=lambda row: row["adf"])
def test_every_state_of_the_feeder_is_told_by_what_the_operator_can_do(row: dict[str, str]) -> None:
    status = xml.status_of(VECTORS["status"].replace("ADF", row["adf"]).replace("STATE", row["state"]).encode())
    assert (status.feeder, status.trouble) == (row["feeder"], row["trouble"])


async def test_double_feed_and_open_cover_are_told_apart_before_and_in_a_batch(tmp_path: Path) -> None:
    async with desk(ESCL, tmp_path) as it:
        for hand, trouble in (("double_feed", "double_feed"), ("open_cover", "cover_open"), ("jam", "jam")):
            it.hand("put_blank", sheets=2)
            it.hand(hand, sides=1)
            pages, why = await it.stopped()
            assert (len(pages), why) == (1, trouble)
            assert await it.told(trouble) == ScannerChanged(feeder="unknown", trouble=trouble)
            assert await it.stopped() == ([], trouble)  # and nothing is fed while it lasts
            it.hand("clear")
            assert (await it.told("none")).feeder == "loaded"
            assert len(await it.batch()) == 1


async def test_a_scanner_that_warms_up_and_tells_a_wrong_host_gives_its_pages() -> None:
    feeder = Moody("ScanJobs", Answer(503), Answer(503))
    feeder.put_in(numbered(2))
    async with reached(feeder) as device:
        assert len(await batch(device)) == 2
    busy = Moody("NextDocument", Answer(503), Answer(503))
    busy.put_in(numbered(1))
    own = busy.answer
    busy.answer = lambda *asked: _elsewhere(own(*asked))  # type: ignore[method-assign]
    async with reached(busy) as device:
        assert len(await batch(device)) == 1


def _elsewhere(answer: Answer) -> Answer:
    return Answer(
        answer.status, answer.body, answer.kind, answer.location and f"http://192.0.2.1{answer.location}", answer.cut
    )


async def test_no_more_pages_while_paper_lies_in_a_feeder_at_work_is_not_believed() -> None:
    feeder = Moody("NextDocument", Answer(404), Answer(410))
    feeder.put_in(numbered(3))
    async with reached(feeder) as device:
        assert len(await batch(device)) == 3


async def test_a_job_that_ends_with_paper_in_the_feeder_is_no_good_end() -> None:
    feeder = Moody("NextDocument")
    feeder.put_in(numbered(3))
    async with reached(feeder) as device:
        with stops("fault"):
            async for _ in device.scan(LIGHT):
                feeder.answer("DELETE", "/eSCL/ScanJobs/1", b"")  # somebody stopped it at the scanner


async def test_half_a_picture_ends_the_batch_and_is_no_page() -> None:
    whole = scanned(numbered(1)[0].front, "Grayscale8", 75)
    for broken in (whole[: len(whole) // 2], b"<html>", whole[:30] + b"\xff\xd9", b""):
        feeder = Moody("NextDocument", Answer(200, broken, "image/jpeg"))
        feeder.put_in(numbered(1))
        async with reached(feeder) as device:
            with stops("truncated"):
                await batch(device)
            assert "DELETE /eSCL/ScanJobs/1" in feeder.asked


async def test_a_scanner_that_stays_busy_refuses_or_fails_says_so() -> None:
    feeder = Moody("ScanJobs", *[Answer(503)] * 99)
    feeder.put_in(numbered(1))
    async with reached(feeder, start_s=0.1) as device:
        with pytest.raises(Exception, match="does something else"):
            await batch(device)
    for status, error in ((400, WishRejected), (500, DeviceFault)):
        async with reached(Moody("ScanJobs", Answer(status))) as device:
            with pytest.raises(error):
                await batch(device)
    failing = Moody("NextDocument", *[Answer(500)] * 99)
    failing.put_in(numbered(1))
    async with reached(failing) as device:
        with stops("fault"):
            await batch(device)


async def test_an_address_where_nothing_or_something_else_answers_is_told() -> None:
    async with reached(Feeder(), "/other") as device:
        with pytest.raises(DeviceFault, match="is no eSCL: answer 404"):
            await anext(device.watch())
    async with reached(Moody("ScannerStatus", Answer(200, b"<html></html>"))) as device:
        with pytest.raises(DeviceFault, match="html instead of ScannerStatus"):
            await anext(device.watch())
    held = await hold(Config(port="http://127.0.0.1:9/eSCL"))
    try:
        with pytest.raises(DeviceOffline, match="cannot be reached"):
            await anext(Device(Config(port="http://127.0.0.1:9/eSCL"), held).watch())
    finally:
        await held.close()


async def test_a_scanner_is_found_by_the_name_it_tells_and_others_are_named(tmp_path: Path) -> None:
    async with asyncio.timeout(60), desk(ESCL, tmp_path, "mdns:扫描仪 2.楼", find_s=20) as it:
        assert it.config.port.startswith("mdns:扫描仪 2.楼 ") and it.config.port.endswith("@127.0.0.1")
        it.hand("put_blank", sheets=1)
        assert len(await it.batch()) == 1
        with pytest.raises(DeviceOffline, match=r"no scanner tells the name 'nobody' by mDNS; heard: .*扫描仪"):
            await hold(Config(port="mdns:nobody@127.0.0.1", find_s=2))


@settings(max_examples=25)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)))
def test_whatever_a_scanner_sends_is_read_or_refused(noise: bytes) -> None:
    inside = VECTORS["capabilities"].encode()
    for document in (noise, inside[: len(noise)], inside.replace(b"75", noise)):
        for read in (xml.status_of, xml.capabilities_of, xml.jpeg_size):
            try:
                read(document)
            except xml.NotEscl:
                continue
    with pytest.raises(xml.NotEscl):
        xml.status_of(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')


class Behind(WebServer):
    """That feeder behind a certificate the court signed for the loopback."""

    def __init__(self, court: Court, feeder: Feeder) -> None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(court.folder / "server.pem", court.folder / "server.key")
        super().__init__(feeder, tls)
        self.shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert((court.folder / "server.pem").read_text())).hexdigest()


async def test_a_scanner_is_known_by_its_root_or_its_own_certificate_and_else_given_no_job(tmp_path: Path) -> None:
    court, feeder = Court(tmp_path / "court"), Moody("never")
    server = Behind(court, feeder)
    server.start()
    try:
        for trust in ({"roots": str(court.folder / "ca.pem")}, {"fingerprint": server.shown}):
            async with reached_at(f"https://localhost:{server.port}/eSCL", **trust) as device:
                feeder.put_in(numbered(1))
                assert len(await batch(device)) == 1
        feeder.asked.clear()
        for trust, why in (({}, "certificate verify failed"), ({"fingerprint": "00" * 32}, server.shown)):
            async with reached_at(f"https://localhost:{server.port}/eSCL", **trust) as device:
                with pytest.raises(DeviceOffline, match=why):
                    await batch(device)
        assert feeder.asked == []
    finally:
        server.stop()


@pytest.mark.parametrize("port", ["http://192.0.2.20/eSCL", "mdns:desk"])
def test_a_certificate_is_asked_of_no_scanner_that_shows_none(port: str) -> None:
    with pytest.raises(ValueError, match="for https:// only"):
        Config(port=port, fingerprint="00" * 32)
