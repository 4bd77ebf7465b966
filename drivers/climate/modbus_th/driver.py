"""A Modbus RTU sensor as a ClimateSensor: two registers read again and again."""

from collections.abc import AsyncIterator, Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.climate import CLIMATE_PROPERTIES, ClimateChanged
from devices.describe import Property
from devices.errors import DeviceFault
from drivers.bands import Limits
from drivers.climate.modbus_th import wire
from drivers.commissioning import Said, Step, answers
from drivers.line import Line
from drivers.link import Link, Port

ABOUT = "Modbus RTU sensor of temperature and humidity (XY-MD02, SHT20 and kin; RS-485, TCP)"
VERIFIED = False
TRANSPORTS = ("serial", "tcp")
COMMISSIONING = (
    answers(
        Said("怎样读（function、first_register、scale）", "how it is read (function, first_register, scale)"),
        [
            {"function": function, "first_register": register, "scale": scale}
            for function, register in ((4, 1), (3, 0))
            for scale in ("0.1", "0.01")
        ],
    ),
    Step(
        about=Said("先温度还是先湿度（first）", "which value comes first (first)"),
        do=Said("请对着探头哈气二十秒。", "Breathe on the sensor for twenty seconds."),
        learn=lambda tried, fact: {} if isinstance(fact, ClimateChanged) and fact.percent >= DAMP_PERCENT else None,
        tries=({"first": "temperature"}, {"first": "humidity"}),
    ),
)
DAMP_PERCENT = 60.0
"""Breath is damper, and no room is so hot."""
_CELSIUS, _PERCENT = (-40.0, 125.0), (0.0, 100.0)
"""What such a sensor can measure at all."""


class Config(BaseModel):
    """One sensor on a bus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Port
    baud: int = Field(default=9600, description="Speed of the line.")
    unit: int = Field(default=1, ge=1, le=247, description="Address of the sensor.")
    function: Literal[3, 4] = Field(default=4, description="Modbus function it is read with: 4 (XY-MD02) or 3.")
    first_register: int = Field(default=1, ge=0, le=65534, description="Register of the first value: 1 or 0.")
    first: Literal["temperature", "humidity"] = Field(
        default="temperature", description="Which value comes first. Breathe on the sensor and see: sensors differ."
    )
    scale: Literal["0.1", "0.01"] = Field(default="0.1", description="What one step of a value is: 0.1 or 0.01.")
    least_celsius: float = Field(default=14.0, ge=-40, le=125, description="Below, the temperature is low.")
    most_celsius: float = Field(default=24.0, ge=-40, le=125, description="Above, the temperature is high.")
    back_celsius: float = Field(default=0.5, ge=0, le=20, description="So far within a limit it is normal again.")
    least_percent: float = Field(default=45.0, ge=0, le=100, description="Below, the humidity is low.")
    most_percent: float = Field(default=60.0, ge=0, le=100, description="Above, the humidity is high.")
    back_percent: float = Field(default=2.0, ge=0, le=50, description="So far within a limit it is normal again.")
    gap_s: float = Field(default=0.05, ge=0, le=2, description="Seconds of rest between two questions.")
    timeout_s: float = Field(default=0.5, gt=0, le=10, description="Seconds to wait for an answer.")
    tries: int = Field(default=3, ge=1, le=10, description="How often a question is tried.")
    poll_s: float = Field(default=10.0, gt=0, le=600, description="Seconds between two readings.")

    @model_validator(mode="after")
    def _limits_are_apart(self) -> Self:
        for unit in ("celsius", "percent"):
            least, most, back = (getattr(self, f"{name}_{unit}") for name in ("least", "most", "back"))
            if least + back > most - back:
                raise ValueError(f"least_{unit} and most_{unit} must be at least twice back_{unit} apart")
        return self


def line(link: Link, config: Config) -> Line[wire.Frame]:
    """The line of a bus."""
    return Line(link, wire.answer_framer(), timeout_s=config.timeout_s, gap_s=config.gap_s)


class Device:
    """One sensor."""

    properties: Mapping[str, Property] = CLIMATE_PROPERTIES

    def __init__(self, config: Config, line: Line[wire.Frame]) -> None:
        self.readings: Mapping[str, float] = {}
        self._config = config
        self._line = line
        self._question = wire.read(config.unit, config.function, config.first_register, 2)
        self._celsius = Limits(config.least_celsius, config.most_celsius, config.back_celsius)
        self._percent = Limits(config.least_percent, config.most_percent, config.back_percent)

    async def watch(self) -> AsyncIterator[ClimateChanged]:
        """In which bands it stands, then each crossing. Raises DeviceOffline, DeviceFault."""
        told: ClimateChanged | None = None
        while True:
            celsius, percent = await self._read()
            self.readings = {"celsius": celsius, "percent": percent}
            now = ClimateChanged(
                temperature=self._celsius.band(celsius, told.temperature if told else None),
                humidity=self._percent.band(percent, told.humidity if told else None),
                celsius=celsius,
                percent=percent,
            )
            if told is None or now.state() != told.state():
                told = now
                yield now
            await self._line.pause(self._config.poll_s)

    async def _read(self) -> tuple[float, float]:
        """Degrees and percent. Raises DeviceFault if the sensor refuses or tells what cannot be, DeviceOffline."""
        answer = await self._line.ask(
            self._question.to_bytes(), lambda heard: wire.answers(self._question, heard), tries=self._config.tries
        )
        settings = "function, first_register, first and scale"
        if answer.function & wire.EXCEPTION:
            raise DeviceFault(f"sensor {self._config.unit} refuses with code {answer.data[0]}; see to its {settings}")
        steps = 10 if self._config.scale == "0.1" else 100
        values = [value / steps for value in answer.values]
        celsius, percent = values if self._config.first == "temperature" else reversed(values)
        if not (_CELSIUS[0] <= celsius <= _CELSIUS[1] and _PERCENT[0] <= percent <= _PERCENT[1]):
            raise DeviceFault(
                f"sensor {self._config.unit} tells {celsius} °C and {percent} %, which cannot be; see to its {settings}"
            )
        return celsius, percent
