"""Who is there: Homie topics and any other sign of life, collected in memory and written down together."""

import asyncio
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from central.alarms import AlarmKind, clear_alarm, raise_alarm
from central.clock import Clock, utc_now
from central.fleet import figures, rules
from central.fleet.service import enter_device
from central.fleet.tables import Device, Gateway
from central.store import Store, tell
from devices.box import GATEWAY
from devices.health import Heartbeat
from devices.topics import NAME

_LOG = logging.getLogger(__name__)

SEEN_EVERY = timedelta(seconds=10)
"""How often a mere sign of life is written down."""
_TOGETHER_S = 0.2
_AGAIN_S = 2.0
_MOST_WAITING, _MOST_DEVICES, _MOST_PROPERTIES, _LONGEST = 10_000, 500, 2000, 1024
"""Topics of one box in a moment, its devices, what one of them says of itself, and bytes of that: a box that was taken
over says as much as it likes, and what is said beyond this is nobody's."""
_OWN = frozenset({"$state", "$description"})
_PROPERTY = re.compile("{0}/{0}".format(NAME.pattern.strip("^$")))
_AT_ONCE = 300
"""Boxes written about in one transaction: facts do not wait behind a whole fleet."""
_EMPTY = "\x00"
_LOST = ("lost", "disconnected")
_STATES = frozenset({"init", "ready", "sleeping", *_LOST})

_Id = Annotated[str, Field(pattern=NAME)]
_Count = Annotated[int, Field(ge=0, lt=1 << 63)]
_COUNTS = TypeAdapter(dict[_Id, _Count])


class _Property(BaseModel):
    """A property as pages draw it; what else is said of it is kept."""

    model_config = ConfigDict(extra="allow")

    name: str = ""
    datatype: str = ""
    format: str = ""
    unit: str = ""


class _Node(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str = ""
    properties: dict[_Id, _Property] = Field(default_factory=dict)


class _Root(BaseModel):
    model_config = ConfigDict(extra="allow")

    nodes: dict[_Id, _Node]


class Presence:
    """Takes signs of life in the event loop; `run` writes them down."""

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock
        self._seen: dict[str, datetime] = {}
        self._written: dict[str, datetime] = {}
        self._values: dict[str, dict[str, str]] = defaultdict(dict)
        self._counts: dict[tuple[str, str], dict[str, int]] = {}
        self._beats: dict[str, tuple[datetime, Heartbeat]] = {}
        self._stirred = asyncio.Event()

    def saw(self, gateway: str) -> None:
        """Something came from this gateway."""
        now = self._clock()
        self._seen[gateway] = now
        written = self._written.get(gateway)
        if written is None or now - written >= SEEN_EVERY:
            self._stirred.set()

    def homie(self, gateway: str, topic: str, payload: bytes) -> None:
        """A Homie topic below `homie/5/<gateway>/` was published; no UTF-8, or beyond all reason, is passed over."""
        waiting = self._values[gateway]
        if topic not in _OWN and (len(payload) > _LONGEST or not _PROPERTY.fullmatch(topic)):
            return
        if len(waiting) >= _MOST_WAITING and topic not in waiting:
            return
        try:
            waiting[topic] = payload.decode()
        except UnicodeDecodeError:
            return
        self._stirred.set()

    def counts(self, gateway: str, device: str, payload: bytes) -> None:
        """Live counters of a device; what is no JSON object of numbers is passed over."""
        try:
            told = _COUNTS.validate_json(payload)
        except ValidationError:
            return
        if NAME.fullmatch(device):
            self._counts[gateway, device] = told
            self.saw(gateway)

    def beat(self, gateway: str, payload: bytes) -> None:
        """A heartbeat; what is none is passed over."""
        try:
            told = Heartbeat.model_validate_json(payload)
        except ValidationError:
            return
        self._beats[gateway] = (self._clock(), told)
        self.saw(gateway)
        self._stirred.set()  # however lately it was seen: an alarm may follow from this

    async def run(self) -> None:
        """Write down what is new, a moment after it came, until cancelled."""
        while True:
            await self._stirred.wait()
            await asyncio.sleep(_TOGETHER_S)
            self._stirred.clear()
            seen, values, counts = self.take()
            try:
                await asyncio.to_thread(self.write, seen, values, counts, self.take_beats())
            except OperationalError as error:  # away for a moment; what Homie says it says once
                _LOG.warning("presence could not be written down: %s", error.orig)
                await asyncio.sleep(_AGAIN_S)
                for gateway, told in values.items():
                    self._values[gateway] = {**told, **self._values.get(gateway, {})}
                self._stirred.set()
            except DBAPIError as error:  # what cannot be written is not tried for ever
                _LOG.warning("presence could not be written down: %s", error.orig)

    def take(self) -> tuple[dict[str, datetime], dict[str, dict[str, str]], dict[tuple[str, str], dict[str, int]]]:
        """What is new, and forget it; called in the event loop."""
        taken = dict(self._seen), dict(self._values), dict(self._counts)
        self._written.update(self._seen)
        self._seen, self._values, self._counts = {}, defaultdict(dict), {}
        return taken

    def take_beats(self) -> dict[str, tuple[datetime, Heartbeat]]:
        """The heartbeats that came, and forget them; called in the event loop."""
        taken, self._beats = self._beats, {}
        return taken

    def write(
        self,
        seen: Mapping[str, datetime],
        values: Mapping[str, Mapping[str, str]],
        counts: Mapping[tuple[str, str], dict[str, int]],
        beats: Mapping[str, tuple[datetime, Heartbeat]] = MappingProxyType({}),
    ) -> None:
        """Write down what `take` and `take_beats` gave; gateways the court does not know are passed over."""
        names = sorted({*seen, *values, *beats, *(gateway for gateway, _ in counts)})
        of_device: dict[str, dict[str, dict[str, int]]] = defaultdict(dict)
        for (name, device), told in counts.items():
            of_device[name][device] = told
        for some in (names[n : n + _AT_ONCE] for n in range(0, len(names), _AT_ONCE)):
            with self._store.write() as session:
                known = _Known(session, some, [*values, *of_device], beats)
                for gateway in known.gateways:
                    gateway.last_seen = seen.get(gateway.name, gateway.last_seen)
                    for topic, payload in values.get(gateway.name, {}).items():
                        _value(session, known, gateway, topic, payload, self._clock())
                    for device, counted in of_device.get(gateway.name, {}).items():
                        _counted(session, gateway, known.device(gateway, device), counted)
                    if gateway.name in beats:
                        _beaten(session, known, gateway, *beats[gateway.name])
                    tell(session, f"gateway:{gateway.name}")


class _Known:
    """What is written about in one transaction, read at once instead of box by box."""

    def __init__(
        self,
        session: Session,
        names: Sequence[str],
        speaking: Sequence[str],
        beats: Mapping[str, tuple[datetime, Heartbeat]],
    ) -> None:
        self._session = session
        found = select(Gateway).where(Gateway.name.in_(names)).order_by(Gateway.name)
        self.gateways = session.scalars(found).all()
        speak = {gateway.id for gateway in self.gateways if gateway.name in set(speaking)}
        of_them = session.scalars(select(Device).where(Device.gateway_id.in_(speak))) if speak else ()
        self._devices = {(device.gateway_id, device.name): device for device in of_them}
        self._numbers = Counter(gateway_id for gateway_id, _ in self._devices)
        beaten = {gateway.id: beats[gateway.name][0] for gateway in self.gateways if gateway.name in beats}
        self.rows = figures.rows(session, beaten) if beaten else {}
        self.memories = rules.memories(session, beaten) if beaten else {}

    def device(self, gateway: Gateway, name: str) -> Device | None:
        """The device of that name, entered in the registry when first heard of; None if the box has too many."""
        if (gateway.id, name) not in self._devices:
            if self._numbers[gateway.id] >= _MOST_DEVICES:
                return None
            self._numbers[gateway.id] += 1
            self._devices[gateway.id, name] = enter_device(self._session, gateway, name)
        return self._devices[gateway.id, name]


def _value(session: Session, known: _Known, gateway: Gateway, topic: str, payload: str, now: datetime) -> None:
    if topic == "$state":
        _state(session, gateway, payload, now)
    elif topic == "$description":
        _description(session, known, gateway, payload)
    else:
        node, _, name = topic.partition("/")
        if node == GATEWAY:
            return
        device = known.device(gateway, node)
        value = "" if payload == _EMPTY else payload
        if device is None or (name not in device.states and len(device.states) >= _MOST_PROPERTIES):
            return
        if device.states.get(name) != value:
            device.states = {**device.states, name: value}
            tell(session, "devices", f"device:{gateway.name}/{node}")


def _beaten(session: Session, known: _Known, gateway: Gateway, at: datetime, told: Heartbeat) -> None:
    taken = {**told.figures(), "clock_off_s": round(told.at - at.timestamp(), 3)}
    gateway.health, gateway.beat_at = taken, at
    figures.count_in(session, gateway.id, taken, at, known.rows)
    rules.beat(session, gateway, taken, at, known.memories)


def _counted(session: Session, gateway: Gateway, device: Device | None, told: dict[str, int]) -> None:
    if device is not None and device.counts != told:
        device.counts = told
        tell(session, "devices", f"device:{gateway.name}/{device.name}")


def _state(session: Session, gateway: Gateway, state: str, now: datetime) -> None:
    if state not in _STATES or state == gateway.presence:
        return
    gateway.presence = state
    if state in ("ready", *_LOST):
        rules.came_or_went(session, gateway, now)
    if state in _LOST and gateway.state != "revoked":
        raise_alarm(session, AlarmKind.GATEWAY_LOST, gateway.name, at=now, state=state)
    elif state == "ready":
        clear_alarm(session, AlarmKind.GATEWAY_LOST, gateway.name, at=now)
    tell(session, "fleet")


def _description(session: Session, known: _Known, gateway: Gateway, payload: str) -> None:
    try:
        told = _Root.model_validate_json(payload)
    except ValidationError as error:
        _LOG.warning("%s describes itself unreadably: %s", gateway.name, error.errors()[0]["msg"])
        return
    gateway.description = told.model_dump(mode="json", exclude_unset=True)
    for name, node in told.nodes.items():
        if name != GATEWAY and (device := known.device(gateway, name)) is not None:
            device.description = node.model_dump(mode="json", exclude_unset=True)
            tell(session, f"device:{gateway.name}/{name}")
    tell(session, "fleet")
