"""What only Modbus sensors must keep: published questions, either order and scale, and settings that fit together."""

import pytest
from pydantic import ValidationError

from devices.errors import DeviceFault
from drivers.climate.modbus_th import wire
from drivers.climate.modbus_th.driver import Config
from tests.contracts.rig import rig
from tests.drivers.products import vectors


def test_the_questions_are_the_published_ones_and_the_answers_are_read() -> None:
    said = {
        row["meaning"]: bytes.fromhex(row["hex"])
        for way in ("questions", "answers")
        for row in vectors("modbus_th")[way]
    }
    assert wire.read(1, wire.READ_INPUT, 1, 2).to_bytes() == said["read both"]
    assert wire.read(1, wire.READ_HOLDING, 0, 2).to_bytes() == said["FC03 family: read both"]
    [both] = wire.answer_framer().feed(said["reply 30.5 C, 54.6 %"])
    assert both.values == [305, 546]
    assert wire.told(1, wire.READ_INPUT, [-55]).values == [-55]


@pytest.mark.parametrize("settings", [{"function": 3, "first_register": 0, "first": "humidity"}, {"scale": "0.01"}])
async def test_either_order_and_scale_are_read_as_they_are_set(settings: dict[str, object]) -> None:
    async with rig("climate/modbus_th", timeout_s=5.0, **settings) as sensor:
        fact = await anext(sensor.device.watch())
        assert (fact.celsius, fact.percent) == (20.0, 52.0)


async def test_a_sensor_that_has_no_such_register_is_a_fault_that_names_the_settings() -> None:
    async with rig("climate/modbus_th", timeout_s=5.0, registers_at=40) as sensor:
        with pytest.raises(DeviceFault, match="refuses with code 2; see to its function, first_register"):
            await anext(sensor.device.watch())


def test_limits_that_leave_no_room_between_them_are_no_settings() -> None:
    with pytest.raises(ValidationError, match="twice back_celsius apart"):
        Config(port="/dev/x", least_celsius=20, most_celsius=20.5)
