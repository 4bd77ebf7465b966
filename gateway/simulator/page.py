"""The emulators' page and its JSON API, on the loopback only: look at each device, push its buttons, make weather."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.catalogue import Emulator, Stage
from gateway.simulator.cables import Cable
from gateway.simulator.staged import Staged

_ASSETS = Path(__file__).parent / "assets"
_Share = Annotated[float, Field(ge=0, le=1)]


class WeatherWish(BaseModel):
    """What the sliders set; what is not given stays as it is."""

    model_config = ConfigDict(extra="forbid")

    delay_s: float | None = Field(default=None, ge=0, le=60)
    drop: _Share | None = None
    garble: _Share | None = None
    duplicate: _Share | None = None
    split: int | None = Field(default=None, ge=0, le=4096)
    glue: bool | None = None
    echo: bool | None = None
    unplugged: bool | None = None


@dataclass(frozen=True)
class Shown:
    """One emulated device as the page knows it."""

    name: str
    driver: str
    about: str
    cable: Cable | Staged

    @property
    def emulator(self) -> Emulator | Stage:
        """The device."""
        return self.cable.emulators[self.name]

    def told(self) -> dict[str, Any]:
        """As JSON."""
        hands = {name: {"label": hand.label, "args": dict(hand.args)} for name, hand in self.emulator.hands().items()}
        return {
            "name": self.name,
            "driver": self.driver,
            "about": self.about,
            "look": self.emulator.look(),
            "hands": hands,
            "weather": _weather(self.cable),
        }


def page(devices: Mapping[str, Shown]) -> Starlette:
    """The web application over these devices."""

    async def listed(_: Request) -> Response:
        return JSONResponse([device.told() for device in devices.values()])

    async def push(request: Request) -> Response:
        device = devices.get(request.path_params["name"])
        hand = device.emulator.hands().get(request.path_params["hand"]) if device else None
        if device is None or hand is None:
            return _no(404, "no such device or hand")
        arguments = await _json(request)
        if not isinstance(arguments, dict) or arguments.keys() != hand.args.keys():
            return _no(422, f"give as JSON: {', '.join(hand.args) or 'nothing'}")
        try:
            hand(**arguments)
        except (TypeError, ValueError, KeyError) as error:
            return _no(422, str(error))
        device.cable.tick()
        return JSONResponse(device.told())

    async def weather(request: Request) -> Response:
        device = devices.get(request.path_params["name"])
        if device is None:
            return _no(404, "no such device")
        try:
            wish = WeatherWish.model_validate(await _json(request))
        except ValidationError as error:
            return _no(422, str(error))
        await _set_weather(device.cable, wish)
        return JSONResponse(device.told())

    async def wire(request: Request) -> Response:
        device = devices.get(request.path_params["name"])
        return JSONResponse(device.cable.wire.told()) if device else _no(404, "no such device")

    routes = [
        Route("/api/devices", listed),
        Route("/api/devices/{name}/hands/{hand}", push, methods=["POST"]),
        Route("/api/devices/{name}/weather", weather, methods=["POST"]),
        Route("/api/devices/{name}/wire", wire),
        Mount("/", StaticFiles(directory=_ASSETS, html=True)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, ["127.0.0.1", "localhost"])])


def _weather(cable: Cable | Staged) -> dict[str, Any]:
    kept = {name: getattr(cable.weather, name) for name in WeatherWish.model_fields if name != "unplugged"}
    return {**kept, "unplugged": not cable.plugged}


async def _set_weather(cable: Cable | Staged, wish: WeatherWish) -> None:
    for name, value in wish.model_dump(exclude_none=True, exclude={"unplugged"}).items():
        setattr(cable.weather, name, value)
    if wish.unplugged is True and cable.plugged:
        await cable.unplug()
    elif wish.unplugged is False and not cable.plugged:
        await cable.plug()


async def _json(request: Request) -> Any:
    """The body; a browser's form from elsewhere cannot say it is JSON."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return None
    try:
        return await request.json()
    except (RecursionError, ValueError):
        return None


def _no(code: int, text: str) -> Response:
    return JSONResponse({"error": text}, code)
