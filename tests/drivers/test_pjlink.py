"""What only PJLink has: a greeting, a password, parts that warn, a lamp and a filter that age, and two classes."""

import asyncio
from pathlib import Path

import pytest

from devices.displays import DisplaySwitched, DisplayTrouble, FilterAged, LampAged, PictureChanged
from devices.errors import DeviceBusy, DeviceFault, DeviceOffline, WishRejected
from drivers.displays.pjlink import driver, wire
from drivers.displays.pjlink.found import address_of
from drivers.link import open_link
from drivers.weather import Weather
from gateway.catalogue import Findable
from tests.contracts.rig import rig, until, watching
from tests.kit.children import running


def test_the_digest_is_that_of_the_specification() -> None:
    (greeting,) = wire.answer_framer().feed(b"PJLINK 1 498e4a67\r")
    assert isinstance(greeting, wire.Greeting)
    assert greeting.digest("JBMIAProjectorLink") == b"5d8409bc1c3fa39749434aa3a5c38682"


@pytest.mark.parametrize(
    ("value", "source"),
    [(b"11", "rgb-1"), (b"32", "digital-2"), (b"5A", "network-a"), (b"71", None), (b"30", None), (b"ERR3", None)],
)
def test_inputs_have_names(value: bytes, source: str | None) -> None:
    assert wire.source_of(value) == source
    assert source is None or wire.input_of(source) == value


@pytest.mark.parametrize(
    ("value", "warns", "fails"),
    [(b"000000", (), ()), (b"120002", ("fan",), ("lamp", "other")), (b"ERR1", (), ()), (b"00300", (), ())],
)
def test_the_six_digits_are_parts(value: bytes, warns: tuple[str, ...], fails: tuple[str, ...]) -> None:
    assert wire.troubles_of(value) == (warns, fails)


@pytest.mark.parametrize(("value", "hours"), [(b"12 1", 12), (b"12 0 900 1", 900), (b"ERR1", None), (b"12", None)])
def test_the_oldest_lamp_counts(value: bytes, hours: int | None) -> None:
    assert wire.lamp_hours(value) == hours


async def test_the_password_goes_before_the_first_command_and_no_other() -> None:
    async with rig("displays/pjlink", password="court-3") as display:
        assert (await display.device.switch("on", None)).power in ("warming", "on")
        first, *others = display.cable.written
        assert (len(first), first[32:]) == (41, b"%1CLSS ?\r")
        assert all(written.startswith(b"%") for written in others)


async def test_a_wrong_password_is_a_fault_that_names_the_setting() -> None:
    async with rig("displays/pjlink", password="court-3") as display:
        display.emulator._password = "another"  # type: ignore[attr-defined]
        with pytest.raises(DeviceFault, match="set `password`"):
            await display.device.switch("on", None)
        assert display.emulator.look()["power"] == "off"


async def test_a_port_that_does_not_greet_is_offline_and_is_told_nothing() -> None:
    async with rig("displays/pjlink", Weather(drop=1.0), timeout_s=0.1) as display:
        with pytest.raises(DeviceOffline, match="no greeting"):
            await display.device.switch("on", None)
        assert display.cable.written == []


async def test_parts_and_lamp_are_told_as_they_change_the_lamp_by_the_hundred_hours() -> None:
    async with rig("displays/pjlink") as display, watching(display) as facts:
        await until(facts, hours=0)
        display.hand("warn", part="filter")
        await until(facts, warns=("filter",), fails=())
        display.hand("burn", hours=99)
        display.hand("fail", part="fan")
        told = await until(facts, fails=("fan",))
        assert told == [DisplayTrouble(warns=("filter",), fails=("fan",))]
        display.hand("burn", hours=2)
        assert (await until(facts, hours=101))[-1] == LampAged(hours=101)


async def test_the_filter_of_a_class_2_projector_is_told_by_the_hundred_hours() -> None:
    async with rig("displays/pjlink") as display, watching(display) as facts:
        assert FilterAged(hours=0) in await until(facts, frozen=False)
        display.hand("clog", hours=250)
        assert await until(facts, hours=250) == [FilterAged(hours=250)]


async def test_a_class_1_projector_is_asked_nothing_of_class_2_and_cannot_freeze() -> None:
    async with rig("displays/pjlink", class_=1) as display, watching(display) as facts:
        await until(facts, hours=0)
        with pytest.raises(WishRejected, match="class 1 and cannot freeze"):
            await display.device.freeze(on=True)
        assert not [written for written in display.cable.written if b"%2" in written]


async def test_a_picture_is_not_frozen_any_more_once_the_projector_is_off() -> None:
    async with rig("displays/pjlink") as display, watching(display) as facts:
        await display.device.switch("on", "digital-1")
        await display.device.freeze(on=True)
        await until(facts, frozen=True)
        display.hand("remote", on=False)
        assert PictureChanged(frozen=False) in await until(facts, frozen=False)


async def test_an_order_while_it_cools_down_waits_for_nobody() -> None:
    async with rig("displays/pjlink") as display:
        await display.device.switch("on", "digital-1")
        display.hand("slow", polls=10_000)
        assert await display.device.switch("off", None) == DisplaySwitched(power="cooling")
        with pytest.raises(DeviceBusy, match="does not take POWR 1 now"):
            await display.device.switch("on", None)


async def test_a_display_that_drops_the_connection_is_offline() -> None:
    async with rig("displays/pjlink") as display:
        await display.cable.close()
        with pytest.raises(DeviceOffline):
            await anext(aiter(display.device.watch()))


MAC = "02:00:00:00:43:52"
SOUGHT = f"""gateway: room-a
court: huishan
data: ./data
devices:
  wall: {{driver: displays/pjlink, port: "pjlink:{MAC}@192.0.2.255"}}
"""


@pytest.mark.parametrize(
    ("datagram", "mac"),
    [(b"%2ACKN=40:4e:36:Ce:e5:9c\r", "40:4e:36:ce:e5:9c"), (b"%2ACKN=40:4e:36\r", None), (b"%2SRCH\r", None)],
)
def test_who_is_there_is_told_by_a_hardware_address(datagram: bytes, mac: str | None) -> None:
    assert wire.SEARCH == b"%2SRCH\r" and wire.found_of(datagram) == mac
    assert mac is None or wire.found_of(wire.found(mac)) == mac


async def test_a_projector_is_found_by_its_hardware_address_and_others_are_named(tmp_path: Path) -> None:
    (tmp_path / "room-a.yaml").write_text(SOUGHT)
    async with running("gateway.simulate", tmp_path / "room-a.yaml", tmp_path / "ports") as simulator:
        port = simulator.told["ports"][f"pjlink:{MAC}@192.0.2.255"]
        config = driver.Config(port=port, timeout_s=20, settle_s=0.05, find_s=20)
        async with await driver.hold(config) as line:
            assert (await driver.Device(config, line).switch("on", "digital-1")).source == "digital-1"
        other = driver.Config(port=port.replace(MAC, "02:00:00:00:00:01"), find_s=0.5)
        with pytest.raises(DeviceOffline, match=f"answers to 02:00:00:00:00:01 .* heard: {MAC} at 127.0.0.1"):
            await driver.hold(other)
        assert await simulator.end() == 0
    with pytest.raises(DeviceOffline, match="heard: none at all"):
        await driver.hold(config.model_copy(update={"find_s": 0.5}))


async def test_a_search_is_repeated_for_a_datagram_may_be_lost_and_what_is_no_answer_is_passed_over() -> None:
    class Hard(asyncio.DatagramProtocol):
        """Hears the second search only, and talks nonsense before it answers."""

        def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
            self.voice, self.searches = transport, 0

        def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
            self.searches += data == wire.SEARCH
            for answer in (b"\xff" * 2000, b"%2LKUP=" + MAC.encode(), wire.found(MAC)) if self.searches > 1 else ():
                self.voice.sendto(answer, addr)

    voice, hard = await asyncio.get_running_loop().create_datagram_endpoint(Hard, local_addr=("127.0.0.1", 0))
    number = voice.get_extra_info("sockname")[1]
    assert await address_of(f"pjlink:{MAC.upper()}@127.0.0.1:{number}", 30) == f"tcp://127.0.0.1:{number}"
    assert hard.searches == 2
    voice.close()


async def test_a_class_1_projector_is_not_found() -> None:
    async with rig("displays/pjlink", class_=1) as display:
        assert isinstance(display.emulator, Findable) and display.emulator.sought(wire.SEARCH) == b""


async def test_an_emulated_projector_greets_each_connection_that_the_gateway_makes(tmp_path: Path) -> None:
    told = "gateway: room-a\ncourt: huishan\ndata: ./data\ndevices:\n"
    told += '  wall: {driver: displays/pjlink, port: "tcp://192.0.2.9:4352", password: court-3}\n'
    (tmp_path / "room-a.yaml").write_text(told)
    async with running("gateway.simulate", tmp_path / "room-a.yaml", tmp_path / "ports") as simulator:
        port = simulator.told["ports"]["tcp://192.0.2.9:4352"]
        config = driver.Config(port=port, password="court-3", timeout_s=20, settle_s=0.05)
        for power, source in (("on", "digital-1"), ("off", None)):
            async with driver.line(await open_link(port, 0), config) as line:
                switched = await driver.Device(config, line).switch(power, source)
                assert switched.source == source
        assert await simulator.end() == 0
