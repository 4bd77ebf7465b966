"""What is found out beside a device because sources disagree about it: declared by its driver, asked by `commission`.

A driver's `COMMISSIONING` is a sequence of steps, or one `Said`: why there is nothing to find out. Each step tells a
person what to do and what its answer teaches: mostly the device answers by a fact, for the world answers, not the
software. Texts stand here in both languages, for a new driver touches no other file.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devices.locks import DoorChanged
from devices.messages import Fact
from devices.readers import TagSeen

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Said:
    """A sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Step:
    """One thing to find out. Each of `tries` is set in turn until one teaches something.

    `learn` gets the settings as tried and a fact that came after the instruction; it gives the settings that hold
    (none need change: empty), or None if the fact teaches nothing. With `act` the gateway does something itself, unless
    its box belongs to a court, after which a fact is waited for as well; where no sensor could tell, `asks`, and a
    person says whether it was as in `do`.
    """

    about: Said
    do: Said
    learn: Callable[[Settings, Fact], Settings | None] = lambda tried, fact: None
    before: Said | None = None
    """What must be so before the device is looked at."""
    tries: Sequence[Settings] = ({},)
    act: Callable[[Any], Awaitable[None]] | None = None
    asks: bool = False
    otherwise: Settings | None = None
    """What holds if nothing taught anything; None: it stays open."""
    tells_at_once: bool = True
    """The device tells how it stands as soon as it is watched; a person is asked to act after that."""
    only_changes: bool = False
    """What it tells at once teaches nothing: it is as it was left."""


def door_by_hand(setting: str, values: tuple[Any, Any] = (0, 1), unseen: Settings | None = None) -> Step:
    """Which value of a setting means a shut door, by opening one; `unseen` holds if no door is ever seen to move."""

    def learn(tried: Settings, fact: Fact) -> Settings | None:
        if not isinstance(fact, DoorChanged) or fact.found or fact.door == "unknown":
            return None
        other = values[1] if tried[setting] == values[0] else values[0]
        return {setting: tried[setting] if fact.door == "open" else other}

    return Step(
        about=Said(f"门的触点朝哪边（{setting}）", f"which way the door contacts are ({setting})"),
        before=Said("请把所有门关好。", "Shut every door."),
        do=Said("请用钥匙或用手打开一扇门，不要用软件开。", "Open one door by key or by hand, not by software."),
        learn=learn,
        otherwise=unseen,
    )


def tag_in_field(about: Said, tries: Sequence[Settings]) -> Step:
    """With which of these settings a tag reader tells a tag that is held before it."""
    return Step(
        about=about,
        do=Said("请把一张标签放到天线前。", "Hold a tag before the antenna."),
        learn=lambda tried, fact: {} if isinstance(fact, TagSeen) else None,
        tries=tries,
        tells_at_once=False,
    )


def answers(about: Said, tries: Sequence[Settings]) -> Step:
    """With which of these settings, after those of the file, the device answers and tells how it stands."""
    return Step(
        about=about,
        do=Said("设备已应答。", "The device has answered."),
        learn=lambda tried, fact: {},
        tries=({}, *tries),
    )


def cell_one(setting: str, values: Sequence[Any]) -> Step:
    """With which value the gateway releases the very first lock when it is asked for cell 1; a person looks."""

    return Step(
        about=Said(f"第一把锁的编号（{setting}）", f"the number of the first lock ({setting})"),
        before=Said("请把所有门关好；现在要开 1 号格。", "Shut every door; cell 1 is released now."),
        do=Said("开的是第一把锁吗？", "Was it the first lock that was released?"),
        tries=[{setting: value} for value in values],
        act=_release_cell_one,
        asks=True,
    )


def opened_and_seen() -> Step:
    """The proof at the end: cell 1 is released, and its own sensor says so."""

    def learn(tried: Settings, fact: Fact) -> Settings | None:
        return (
            {} if isinstance(fact, DoorChanged) and (fact.cell, fact.door, fact.found) == (1, "open", False) else None
        )

    return Step(
        about=Said("开 1 号格，看它自己怎么说", "cell 1 is released, and says so itself"),
        before=Said("请把所有门关好；现在要开 1 号格。", "Shut every door; cell 1 is released now."),
        do=Said("锁已放开，请看 1 号格的门。", "It is released; look at the door of cell 1."),
        learn=learn,
        act=_release_cell_one,
    )


async def _release_cell_one(device: Any) -> None:
    await device.open(1)
