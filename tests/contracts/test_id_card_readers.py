"""What every reader of identity cards promises: each card once, and nothing that stands on it but to one taker."""

import asyncio
from random import Random
from typing import Any

import pytest

from devices.errors import DeviceOffline
from devices.messages import write_body
from devices.readers import IdCardKind, IdCardNotRead, IdCardShown
from drivers.readers.id_card.emulator import CARDS
from drivers.weather import Weather
from tests.contracts.rig import Rig, by_usb_too, rig, telling, watching

NAMES = telling("readers", IdCardShown)
READERS = pytest.mark.parametrize("name", NAMES)
KINDS: tuple[IdCardKind, ...] = ("citizen", "residence_permit", "foreigner_2017", "foreigner_2023")
PATIENT = {"timeout_s": 5.0, "read_s": 5.0, "forget_s": 600.0}


async def lay(reader: Rig, card: str) -> None:
    """Lay that card, after the reader was seen empty."""
    reader.hand("lift")
    asked = reader.emulator.look()["asked"]
    async with asyncio.timeout(30):
        while reader.emulator.look()["asked"] < asked + 3:
            await reader.line.pause(0.005)
    reader.hand("lay", card=card)


async def told(facts: asyncio.Queue[Any]) -> Any:
    async with asyncio.timeout(30):
        return await facts.get()


@pytest.mark.parametrize("name", by_usb_too(NAMES))
async def test_every_kind_of_card_is_told_and_can_be_taken_once(name: str) -> None:
    async with rig(name, **PATIENT) as reader, watching(reader) as facts:
        for kind in KINDS:
            await lay(reader, kind)
            assert await told(facts) == IdCardShown(card=kind)
            card = reader.device.take()
            assert (card.kind, card.name, card.number) == (kind, CARDS[kind].name, CARDS[kind].number)
            assert card.english_name == CARDS[kind].english_name
            assert reader.device.take() is None


@READERS
async def test_neither_a_fact_nor_the_cards_own_text_form_tells_what_stands_on_it(name: str) -> None:
    async with rig(name, **PATIENT) as reader, watching(reader) as facts:
        for kind in KINDS:
            await lay(reader, kind)
            assert write_body(await told(facts)) == {"card": kind}
            shown = f"{reader.device.take()!r} {reader.device.properties}"
            assert CARDS[kind].name not in shown
            assert CARDS[kind].number not in shown


@READERS
async def test_a_card_that_lies_there_is_told_once_and_again_when_laid_again(name: str) -> None:
    async with rig(name, **PATIENT) as reader, watching(reader) as facts:
        for _ in range(3):
            await lay(reader, "citizen")
            assert await told(facts) == IdCardShown(card="citizen")
        assert reader.emulator.look()["reads"] == 3


@READERS
async def test_a_card_that_cannot_be_read_is_told_once(name: str) -> None:
    async with rig(name, **PATIENT) as reader, watching(reader) as facts:
        reader.hand("hurt", on=True)
        reader.hand("lay", card="citizen")
        assert isinstance(await told(facts), IdCardNotRead)
        assert reader.device.take() is None
        reader.hand("hurt", on=False)
        await lay(reader, "citizen")
        assert await told(facts) == IdCardShown(card="citizen")


@READERS
async def test_a_card_of_unknown_layout_is_not_guessed_at(name: str) -> None:
    async with rig(name, **PATIENT) as reader, watching(reader) as facts:
        reader.hand("lay_unknown")
        assert await told(facts) == IdCardNotRead(why="layout")
        assert reader.device.take() is None


@READERS
async def test_what_was_read_is_forgotten_with_time_and_with_the_reader(name: str) -> None:
    async with rig(name, **PATIENT | {"forget_s": 1e-6}) as reader, watching(reader) as facts:
        reader.hand("lay", card="citizen")
        await told(facts)
        await reader.line.pause(0.01)
        assert reader.device.take() is None
    async with rig(name, **PATIENT) as reader:
        reader.hand("lay", card="citizen")
        with pytest.raises(DeviceOffline, match="unplugged"):
            async for _ in reader.device.watch():
                await reader.link.unplug()
        assert reader.device.take() is None


@READERS
async def test_a_silent_reader_is_offline_and_comes_back(name: str) -> None:
    async with rig(name, timeout_s=0.02, read_s=5.0, forget_s=600.0) as reader:
        reader.hand("silence", on=True)
        with pytest.raises(DeviceOffline):
            async for _ in reader.device.watch():
                pytest.fail("a silent reader told something")
        reader.hand("silence", on=False)
        reader.hand("lay", card="citizen")
        async with watching(reader) as facts:
            assert await told(facts) == IdCardShown(card="citizen")


STORMS = {
    "drop": Weather(drop=0.2),
    "garble": Weather(garble=0.3),
    "duplicate": Weather(duplicate=0.5),
    "split": Weather(split=16),
    "split and garble": Weather(split=64, garble=0.02),
    "glue": Weather(glue=True),
    "echo": Weather(echo=True),
    "late": Weather(delay_s=0.03),
}


@READERS
@pytest.mark.parametrize("storm", STORMS)
async def test_in_any_weather_a_card_is_whole_or_not_read(name: str, storm: str) -> None:
    weather = STORMS[storm]
    weather.random = Random(7)
    settings = {"timeout_s": 0.05, "read_s": 0.1, "tries": 10, "attempts": 20, "forget_s": 600.0}
    async with rig(name, weather, **settings) as reader, watching(reader) as facts:
        for kind in KINDS:
            await lay(reader, kind)
            while True:
                fact = await told(facts)
                if isinstance(fact, IdCardShown):
                    break
            assert fact == IdCardShown(card=kind)
            assert vars(reader.device.take()) == vars(CARDS[kind]) | {"photo": bytes(1024)}
