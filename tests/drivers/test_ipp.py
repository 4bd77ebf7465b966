"""IPP: questions as others write them, what printers say of themselves, older printers, and a printer behind TLS."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.errors import DeviceFault, DeviceOffline, WishRejected
from devices.printers import Letter, LetterPrinted, PrinterChanged
from drivers.printers.ipp import wire
from drivers.printers.ipp.driver import Config, Device, hold
from drivers.printers.ipp.stage import PATH, Printer
from drivers.web import Unreached
from drivers.web_emulated import Answer, WebServer
from tests.drivers.products import vectors
from tests.kit.court import Court

LETTER = Letter("0123456789ab", b"%PDF-1.7")
REFERENCE, A1 = (bytes.fromhex(vectors("ipp")["questions"][at]["hex"]) for at in (2, 0))


@asynccontextmanager
async def reached(printer: Any, **settings: Any) -> AsyncIterator[Device]:
    server = WebServer(printer)
    server.start()
    told = {"settle_s": 0.02, "timeout_s": 20, "port": f"ipp://127.0.0.1:{server.port}{PATH}", **settings}
    config = Config(**told)
    web = await hold(config)
    try:
        yield Device(config, web)
    finally:
        await web.close()
        server.stop()


def test_a_question_is_written_as_the_reference_writes_it() -> None:
    asked = wire.text(wire.KEYWORD, "requested-attributes", "printer-state", "printer-state-reasons")
    told = wire.question(wire.V2, wire.GET_PRINTER, 1, "ipp://192.168.1.20/ipp/print", more=asked)
    assert told.to_bytes() == REFERENCE


def test_what_a_job_is_asked_with_is_read_from_the_rfcs_example() -> None:
    (message,) = wire.question_framer().feed(A1 + b"%!PDF...")
    assert (message.code, message.number) == (wire.PRINT_JOB, 1)
    assert message.words(wire.OPERATION_GROUP, "job-name") == ["foobar"]
    assert message.number_of(wire.JOB_GROUP, "copies") == 20
    assert message.words(wire.JOB_GROUP, "sides") == ["two-sided-long-edge"]
    assert message.values(wire.OPERATION_GROUP, "copies") == []


@pytest.mark.parametrize(
    ("state", "reasons", "online", "paper"),
    [
        (wire.IDLE, ["none"], "online", "ok"),
        (wire.PROCESSING, ["toner-low-warning"], "online", "ok"),
        (wire.IDLE, ["media-empty-error"], "online", "out"),
        (wire.STOPPED, ["media-needed"], "online", "out"),
        (wire.IDLE, ["media-empty-report"], "online", "near_end"),
        (wire.IDLE, ["media-low-warning"], "online", "near_end"),
        (wire.STOPPED, ["media-jam-error"], "error", "ok"),
        (wire.STOPPED, ["marker-supply-empty-error"], "error", "ok"),
        (wire.STOPPED, ["media-empty-error", "door-open-error"], "cover_open", "out"),
        (wire.IDLE, ["cover-open-report"], "online", "ok"),
        (wire.STOPPED, ["paused"], "paused", "ok"),
        (wire.IDLE, ["offline-report"], "offline", "ok"),
        (None, [], "unknown", "unknown"),
    ],
)
def test_what_a_printer_says_of_itself(state: int | None, reasons: list[str], online: Any, paper: Any) -> None:
    told = [wire.Part(wire.ENUM, b"printer-state", state.to_bytes(4, "big"))] if state else []
    told += wire.text(wire.KEYWORD, "printer-state-reasons", *reasons) if reasons else []
    answer = wire.Message(wire.V2, 0, 1, (wire.Part(wire.OPERATION_GROUP), wire.Part(wire.PRINTER_GROUP), *told))
    assert wire.state_of(answer) == PrinterChanged(online=online, paper=paper)


async def test_a_printer_that_knows_only_the_older_version_is_spoken_to_in_it() -> None:
    printer = Printer()
    printer.versions = {wire.V1}
    async with reached(printer) as device:
        assert await device.print_letter(LETTER) == LetterPrinted()
    assert printer.sent.count(wire.PRINT_JOB) == 1


async def test_a_printer_that_takes_no_pdf_is_sent_none() -> None:
    printer = Printer()
    printer.formats = ["image/urf"]
    async with reached(printer) as device:
        with pytest.raises(WishRejected, match="takes no PDF, but image/urf"):
            await device.print_letter(LETTER)
    assert wire.PRINT_JOB not in printer.sent


async def test_copies_the_printer_cannot_make_are_refused_before_the_letter_leaves() -> None:
    printer = Printer()
    async with reached(printer) as device:
        with pytest.raises(WishRejected, match="cannot print it so"):
            await device.print_letter(Letter("x", LETTER.pdf, copies=100))
    assert wire.PRINT_JOB not in printer.sent


class Other:
    """Something else that answers at the port."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        return self._answer


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(404), "HTTP 404"),
        (Answer(401), "HTTP 401"),
        (Answer(200, b"<html>"), "not by IPP"),
        (Answer(200, REFERENCE[:-1]), "not by IPP"),
        (Answer(200, REFERENCE[:4] + b"\0\0\0\x63" + REFERENCE[8:]), "not by IPP"),
    ],
)
async def test_what_answers_but_is_no_printer_is_a_fault(answer: Answer, why: str) -> None:
    async with reached(Other(answer)) as device:
        with pytest.raises(DeviceFault, match=why):
            await device.print_letter(LETTER)


async def test_roots_that_are_no_certificates_are_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text("no certificate")
    with pytest.raises(DeviceOffline, match=r"root\.pem is no PEM file"):
        await hold(Config(port="ipps://192.0.2.7/ipp/print", roots=str(tmp_path / "root.pem")))


@asynccontextmanager
async def behind_tls(court: Court, printer: Printer) -> AsyncIterator[str]:
    """That printer behind the court's certificate for the loopback; gives its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        (size,) = re.findall(r"(?i)content-length: (\d+)", head)
        told = printer.answer("POST", PATH, await reader.readexactly(int(size))).body
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(told) + told)
        await writer.drain()
        writer.close()

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(court.folder / "server.pem", court.folder / "server.key")
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        yield f"ipps://127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}"


async def test_a_printer_with_a_certificate_is_believed_by_its_root_and_else_sent_nothing(tmp_path: Path) -> None:
    court, printer = Court(tmp_path / "court"), Printer()
    async with behind_tls(court, printer) as port:
        async with reached(printer, port=port, roots=str(court.folder / "ca.pem")) as device:
            assert await device.print_letter(LETTER) == LetterPrinted()
        printer.sent.clear()
        async with reached(printer, port=port) as device:
            with pytest.raises(Unreached, match="certificate verify failed"):
                await device.print_letter(LETTER)
        assert printer.sent == []
