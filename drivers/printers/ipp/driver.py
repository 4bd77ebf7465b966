"""An office printer as a LetterPrinter, by IPP. A letter leaves once or never; what cannot come out is taken back."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

from devices.describe import Property
from devices.errors import DeviceBusy, DeviceFault, DeviceOffline, WishRejected
from devices.printers import PRINTER_PROPERTIES, BytesHandedOver, Letter, LetterPrinted, PrinterChanged
from drivers.commissioning import Said
from drivers.labelling import trouble
from drivers.printers.ipp import wire
from drivers.web import Unreached, Web

ABOUT = "Office printer for letters by IPP (PDF; TCP port 631)"
VERIFIED = False
TRANSPORTS = ("ipp", "ipps")
COMMISSIONING = Said(
    "每次打印前都会问打印机能不能这样打。", "Before each letter the printer itself is asked whether it can print it so."
)
ASKED = ("printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "document-format-supported")
NOBODY = "courtside"
"""The user a printer is told; it is told no names."""
SIDES: Mapping[str, str] = {"long_edge": "two-sided-long-edge", "short_edge": "two-sided-short-edge"}
_OK = 200


class Config(BaseModel):
    """One printer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: str = Field(
        pattern=r"^ipps?://[!-.0-9;-~]+(:[0-9]{1,5})?(/[!-~]*)?$",
        description="ipp://HOST/ipp/print, or ipps:// where the printer has a certificate; without port, 631.",
    )
    roots: str | None = Field(
        default=None,
        description="PEM file with the printer's certificate or its issuer's, for ipps; else the system's.",
    )
    timeout_s: float = Field(default=10, gt=0, le=60, description="Seconds to wait for an answer.")
    send_s: float = Field(default=60, gt=0, le=90, description="Seconds within which the printer has to take a letter.")
    print_s: float = Field(default=90, gt=0, le=110, description="Seconds a letter may take from then on.")
    settle_s: float = Field(default=1.0, gt=0, le=30, description="Seconds between looks while it prints.")
    poll_s: float = Field(default=15.0, gt=0, le=600, description="Seconds between looks while nothing is printed.")


async def hold(config: Config) -> Web:
    """The way to that printer. Raises DeviceOffline if `roots` cannot be read."""
    scheme, _, rest = config.port.partition("://")
    host, slash, path = rest.partition("/")
    place = host if ":" in host else f"{host}:631"
    return Web(f"{'https' if scheme == 'ipps' else 'http'}://{place}{slash}{path}", config.timeout_s, config.roots)


class Device:
    """One printer."""

    properties: Mapping[str, Property] = PRINTER_PROPERTIES

    def __init__(self, config: Config, web: Web) -> None:
        self._config = config
        self._web = web
        self._version = wire.V2
        self._numbers = itertools.count(1)
        self._turn = asyncio.Lock()
        self._stirred = asyncio.Event()

    async def print_letter(self, letter: Letter) -> LetterPrinted | BytesHandedOver:
        """Print one letter; never repeated. Raises DeviceFault, DeviceBusy, DeviceOffline before, WishRejected."""
        async with self._turn:
            self._can_print(await self._printer())
            job = _job_of(letter)
            _took(await self._ask(wire.VALIDATE_JOB, *job))
            try:
                taken = await self._ask(wire.PRINT_JOB, *job, document=letter.pdf)
            except Unreached:
                raise
            except DeviceOffline:
                return BytesHandedOver()  # whether it came there nobody knows
            _took(taken)
            self._stirred.set()
            number = taken.number_of(wire.JOB_GROUP, "job-id")
            return BytesHandedOver() if number is None else await self._printed(number)

    async def watch(self) -> AsyncIterator[PrinterChanged]:
        """The state once, then each change. Raises DeviceOffline when the printer is gone, DeviceFault (no IPP)."""
        known: PrinterChanged | None = None
        while True:
            self._stirred.clear()
            state = wire.state_of(await self._printer())
            if state != known:
                known = state
                yield state
            await self._web.pause(self._config.poll_s, self._stirred)

    def _can_print(self, printer: wire.Message) -> None:
        """Raise DeviceFault if a person has to look at it first, WishRejected if it takes no PDF."""
        if why := trouble(wire.state_of(printer)):
            raise DeviceFault(f"printer: {why}; nothing was printed")
        if printer.values(wire.PRINTER_GROUP, "printer-is-accepting-jobs") == [b"\0"]:
            raise DeviceFault("printer: it accepts no jobs; nothing was printed")
        formats = printer.words(wire.PRINTER_GROUP, "document-format-supported")
        if formats and wire.PDF not in formats:
            raise WishRejected(f"the printer takes no PDF, but {', '.join(sorted(formats)[:8])}")

    async def _printed(self, number: int) -> LetterPrinted | BytesHandedOver:
        """Wait for the end of a job that the printer has. Raises DeviceFault: it ended otherwise, or was taken back."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._config.print_s
        try:
            while (job := await self._job(number)).code != wire.NOT_FOUND:
                state = job.number_of(wire.JOB_GROUP, "job-state")
                if state == wire.COMPLETED:
                    return LetterPrinted()
                if state in (wire.CANCELED, wire.ABORTED):
                    raise DeviceFault("the printer gave the letter up; pages of it may have come out")
                if loop.time() > until:
                    return await self._taken_back(number)
                await self._web.pause(self._config.settle_s)
        except DeviceOffline:
            pass
        return BytesHandedOver()

    async def _taken_back(self, number: int) -> BytesHandedOver:
        """Of a letter that waits for a person: cancel it, or it would come out when nobody expects it any more."""
        why = trouble(wire.state_of(await self._printer()))
        if why is None:
            return BytesHandedOver()
        gone = await self._ask(wire.CANCEL_JOB, [wire.integer("job-id", number)])
        if gone.code > wire.MOST_OK:
            return BytesHandedOver()
        raise DeviceFault(f"printer: {why}; the letter was taken back, pages of it may have come out")

    async def _job(self, number: int) -> wire.Message:
        asked = wire.text(wire.KEYWORD, "requested-attributes", "job-state")
        return await self._ask(wire.GET_JOB, [wire.integer("job-id", number), *asked])

    async def _printer(self) -> wire.Message:
        answer = await self._ask(wire.GET_PRINTER, wire.text(wire.KEYWORD, "requested-attributes", *ASKED))
        if answer.code > wire.MOST_OK:
            raise DeviceFault(f"the printer does not say how it stands (status {answer.code:04X})")
        return answer

    async def _ask(
        self, operation: int, more: Iterable[wire.Part], job: Iterable[wire.Part] = (), *, document: bytes = b""
    ) -> wire.Message:
        """One question, asked anew only of a printer that says it knows no version but an older one."""
        more, job = list(more), list(job)
        answer = await self._asked(operation, more, job, document)
        if answer.code == wire.OLDER_ONLY and self._version != wire.V1:
            self._version = wire.V1
            answer = await self._asked(operation, more, job, document)
        return answer

    async def _asked(
        self, operation: int, more: list[wire.Part], job: list[wire.Part], document: bytes
    ) -> wire.Message:
        number = next(self._numbers)
        told = wire.question(self._version, operation, number, self._config.port, more=more, job=job)
        seconds = self._config.send_s if document else self._config.timeout_s
        answer = await self._web.ask("POST", "", told.to_bytes() + document, kind=wire.MEDIA_TYPE, timeout_s=seconds)
        if answer.status != _OK:
            raise DeviceFault(
                f"{self._config.port} answers HTTP {answer.status}; is the path right, and no password set?"
            )
        found = wire.answer_framer().feed(answer.body)
        if not found or found[0].number != number:
            raise DeviceFault(f"{self._config.port} answers, but not by IPP")
        return found[0]


def _job_of(letter: Letter) -> tuple[list[wire.Part], list[wire.Part]]:
    """What is said of a letter, as attributes of the operation and of the job; all of it must be kept."""
    operation = [
        *wire.text(wire.NAME, "requesting-user-name", NOBODY),
        *wire.text(wire.NAME, "job-name", letter.name),
        wire.Part(wire.BOOLEAN, b"ipp-attribute-fidelity", b"\x01"),
        *wire.text(wire.MIME, "document-format", wire.PDF),
    ]
    job = [wire.integer("copies", letter.copies)] if letter.copies > 1 else []
    return operation, job + (wire.text(wire.KEYWORD, "sides", SIDES[letter.sides]) if letter.sides in SIDES else [])


def _took(answer: wire.Message) -> None:
    """Raise what a refusal means: WishRejected, DeviceBusy, DeviceFault."""
    if answer.code <= wire.MOST_OK:
        return
    if answer.code in wire.NOT_SUPPORTED:
        raise WishRejected("the printer cannot print it so: it has not these copies, sides, or PDF")
    if answer.code == wire.BUSY:
        raise DeviceBusy("the printer is busy; nothing was printed")
    raise DeviceFault(f"the printer does not take the letter (status {answer.code:04X}); nothing was printed")
