"""Printing labels: looked at before, printed once, looked at until the printer has done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from devices.errors import DeviceFault, DeviceOffline
from devices.printers import BytesHandedOver, Label, LabelPrinted, PrinterChanged
from drivers.commissioning import Said, Step
from drivers.commissioning import Settings as Tried
from drivers.line import Line

LOOKS = 3
"""A state is believed when two of so many looks agree, one after the other."""
HEAD_LIFTED = Step(
    about=Said("打印机是否回报状态", "whether the printer tells how it stands"),
    before=Said("请装好标签，压下打印头。", "Put in labels and shut the head."),
    do=Said("请抬起打印头，看到变化后压下。", "Lift the print head; shut it once it is seen."),
    learn=lambda tried, fact: {} if isinstance(fact, PrinterChanged) and fact.online == "cover_open" else None,
)
"""Proves that its answers come back: a driver of the USB printer class often keeps them."""


def label_printed(about: Said, tries: Sequence[Tried]) -> Step:
    """With which of these settings, after those of the file, a test label comes out right; a person looks."""
    return Step(
        about=about,
        before=Said("请装好标签；现在要打印一张测试标签。", "Put in labels; a test label is printed now."),
        do=Said("标签上的汉字清楚、条码完整吗？", "Is its Chinese legible, and its barcode whole?"),
        tries=({}, *tries),
        act=_print_test_label,
        asks=True,
    )


async def _print_test_label(device: Any) -> None:
    await device.print_label(Label(rows=("测试标签 Test",), barcode="0123456789"))


@dataclass(frozen=True)
class Look:
    """How the printer says it stands, and whether it still has something to print."""

    state: PrinterChanged
    busy: bool


class Settings(Protocol):
    """What the settings of every label printer have."""

    @property
    def settle_s(self) -> float:
        """Seconds between two looks while a label is printed."""

    @property
    def print_s(self) -> float:
        """Seconds a label may take."""

    @property
    def poll_s(self) -> float:
        """Seconds between looks at rest."""


class Labelling:
    """One printer's labels. `look` asks it how it stands; raises DeviceOffline if it does not answer."""

    def __init__(self, settings: Settings, line: Line[Any], look: Callable[[], Awaitable[Look]]) -> None:
        self._settings = settings
        self._line = line
        self._look = look
        self._turn = asyncio.Lock()
        self._stirred = asyncio.Event()

    async def print(self, job: bytes) -> LabelPrinted | BytesHandedOver:
        """Print one label; never repeated. Raises DeviceFault before or after, DeviceOffline before."""
        async with self._turn:
            _refuse((await self._believed()).state, "nothing was printed")
            await self._line.tell(job)
            self._stirred.set()
            try:
                look = await self._done()
            except DeviceOffline:
                return BytesHandedOver()
            _refuse(look.state, "the label may be incomplete")
            return BytesHandedOver() if look.busy else LabelPrinted()

    async def watch(self) -> AsyncIterator[PrinterChanged]:
        """The state once, then each change. Raises DeviceOffline when the printer is gone."""
        known: PrinterChanged | None = None
        while True:
            self._stirred.clear()
            state = (await self._look()).state
            if state != known:
                state = (await self._believed()).state
            if state != known:
                known = state
                yield state
            await self._line.pause(self._settings.poll_s, self._stirred)

    async def _done(self) -> Look:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.print_s
        while True:
            await self._line.pause(self._settings.settle_s)
            look = await self._believed()
            if not look.busy or trouble(look.state) or loop.time() > until:
                return look

    async def _believed(self) -> Look:
        """Nothing checks what a printer says of itself, so it is read until two looks agree; the last if none do."""
        before = await self._look()
        for _ in range(LOOKS - 1):
            look = await self._look()
            if look == before:
                break
            before = look
        return before


def trouble(state: PrinterChanged) -> str | None:
    """What a person has to see to before it prints; None if it can."""
    if state.paper == "out":
        return "no paper"
    return None if state.online == "online" else state.online.replace("_", " ")


def _refuse(state: PrinterChanged, outcome: str) -> None:
    """Raise DeviceFault if a person has to look at the printer first."""
    if why := trouble(state):
        raise DeviceFault(f"printer: {why}; {outcome}")
