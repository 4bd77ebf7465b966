"""What only "5A" readers must keep: the published check, a start that is ended, and a sign of life when asked for."""

import pytest

from devices.errors import DeviceFault
from devices.readers import TagSeen
from drivers.readers.uhf_5a import wire
from tests.contracts.rig import rig, watching
from tests.drivers.products import vectors

TAG = "E2806894000040001234ABCD"


def test_crc_xmodem_gives_the_published_check_value() -> None:
    assert wire.crc_xmodem(b"123456789").hex() == "31c3"


def test_a_published_upload_gives_its_epc_and_what_the_driver_says_is_what_was_published() -> None:
    rows = vectors("uhf_5a")
    uploads = [bytes.fromhex(row["hex"]) for row in rows["answers"] if row["meaning"].startswith("tag")]
    told = [frame.epc for upload in uploads for frame in wire.answer_framer().feed(upload)]
    assert told == [bytes.fromhex("E2801160600002094ED74AA6"), bytes.fromhex("300833B2DDD9014000000000")]
    said = {row["meaning"]: bytes.fromhex(row["hex"]) for row in rows["questions"]}
    assert wire.start(1).to_bytes() == said["start reading antenna 1"]
    assert wire.start(0x0F).to_bytes() == said["start reading antennas 1-4 without TID"]
    assert wire.Frame(wire.STOP).to_bytes() == said["stop"]


async def test_a_reader_that_does_not_start_is_a_fault_and_no_empty_field() -> None:
    async with rig("readers/uhf_5a") as reader:
        reader.hand("antenna", on=False)
        with pytest.raises(DeviceFault, match="does not start, result 01"):
            async for _ in reader.device.watch():
                pytest.fail("a reader without antenna told a tag")


async def test_a_reader_left_reading_is_stopped_and_started_anew() -> None:
    async with rig("readers/uhf_5a", timeout_s=5.0) as reader:
        await reader.line.ask(wire.start(1).to_bytes(), lambda frame: frame.control == wire.START)
        assert reader.emulator.look()["reads"]
        async with watching(reader) as facts:
            reader.hand("put_in", tag=TAG)
            assert await facts.get() == TagSeen(tag=TAG)


async def test_a_reader_that_asks_whether_we_are_there_is_answered_once() -> None:
    async with rig("readers/uhf_5a", timeout_s=5.0) as reader, watching(reader) as facts:
        alive = wire.Frame(wire.ALIVE, (1).to_bytes(4, "big")).to_bytes()
        reader.hand("alive")
        while alive not in reader.cable.written:
            await reader.line.pause(0.01)
        reader.hand("put_in", tag=TAG)
        assert await facts.get() == TagSeen(tag=TAG)
        assert reader.cable.written.count(alive) == 1 and reader.emulator.look()["owed_echoes"] == 0
