"""`courtside-gateway commission`: what sources disagree about is found out beside the device, and kept in the file."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from devices.errors import DeviceError
from devices.messages import Fact
from drivers.commissioning import Said, Settings, Step
from gateway import durable
from gateway.amended import amended
from gateway.config import DeviceConfig, GatewayConfig
from gateway.config_text import BadConfig
from gateway.dialogue import Terminal
from gateway.identity import is_enrolled

PATIENCE_S = 120.0
"""For one thing a person has to do."""
_ANSWER_S = 30.0
_HEAD = Said("{name}：{about}，接在 {port}", "{name}: {about}, at {port}")
_NOTHING = Said("各种资料对它没有分歧，不用调试。", "Sources agree about it; there is nothing to find out.")
_STEP = Said("第 {number} 步，共 {of} 步：{about}", "Step {number} of {of}: {about}")
_READY = Said("  好了请按回车。", "  Press Enter when it is so.")
_OR_ENTER = Said("  （看到变化会自动继续；没有反应请按回车。）", "  (Goes on by itself; Enter if nothing happens.)")
_YES_NO = Said("  是请输入 y，不是请直接回车：", "  Type y, or just Enter for no:")
_TRYING = Said("  正在试 {tried}", "  trying {tried}")
_SEEN = Said("  看到：{fact}", "  seen: {fact}")
_HOLDS = Said("  结果：{result}", "  result: {result}")
_AS_IS = Said("设置不用改", "the settings are right as they are")
_BY_WISH = Said(
    "  这台网关已属于法院，只凭签名的指令动作；要做这一步，请在页面上下达（例如开空格口）并看记录。",
    "  This box belongs to a court: it acts by a signed wish alone. Ask it on its page (an empty cell); look there.",
)
_OPEN = Said("没有查出来，设置不变", "not found out; nothing is changed")
_GONE = Said("  设备不应答：{error}", "  the device does not answer: {error}")
_WRITE = Said("把 {changes} 写入 {file}？", "Write {changes} into {file}?")
_WRITTEN = Said("已写入 {file}", "written into {file}")
_KEPT = Said("{file} 没有改动", "{file} is unchanged")
_REPORT = Said("记录在 {report}", "the report is {report}")


@dataclass
class Commissioning:
    """One device, its terminal, and what was found out so far."""

    device: DeviceConfig
    terminal: Terminal
    enrolled: bool = False
    """The box belongs to a court, so nothing is moved without its wish (`Step.act`)."""
    patience_s: float = PATIENCE_S
    found: dict[str, Any] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def say(self, said: Said, **parts: object) -> None:
        """Tell the technician, and the report."""
        self.told.append(self.terminal.say(said, **parts))

    async def walk(self, steps: Sequence[Step]) -> None:
        """Go through all steps."""
        for number, step in enumerate(steps, 1):
            about = step.about.zh if self.terminal.chinese else step.about.en
            self.say(_STEP, number=number, of=len(steps), about=about)
            if step.act is not None and self.enrolled:
                self.say(_BY_WISH)
                continue
            learnt = await self._learn(step)
            self.found |= learnt or {}
            self.say(_HOLDS, result=self._result(learnt))

    async def _learn(self, step: Step) -> Settings | None:
        """The settings that hold; None if it stays open."""
        if step.before is not None:
            self.say(step.before)
            self.say(_READY)
            await self.terminal.enter()
        for tried in step.tries:
            if tried:
                self.say(_TRYING, tried=_listed(tried))
            try:
                learnt = await (self._asked(step, tried) if step.asks else self._watched(step, tried))
            except (DeviceError, TimeoutError) as error:
                self.say(_GONE, error=error)
                continue
            if learnt is not None:
                return {**tried, **learnt}
        return step.otherwise

    async def _watched(self, step: Step, tried: Settings) -> Settings | None:
        """What a fact teaches after the person did as told."""
        async with self._device(tried) as (settings, device), aclosing(device.watch()) as facts:
            early = await asyncio.wait_for(anext(facts), _ANSWER_S) if step.tells_at_once else None
            if step.act is not None:
                await step.act(device)
            self.say(step.do)
            self.say(_OR_ENTER)
            return await self.terminal.unless_enter(self._taught(step, settings, early, facts), self.patience_s)

    async def _taught(
        self, step: Step, settings: Settings, early: Fact | None, facts: AsyncIterator[Fact]
    ) -> Settings | None:
        if early is not None and not step.only_changes and (learnt := step.learn(settings, early)) is not None:
            return learnt
        async for fact in facts:
            learnt = step.learn(settings, fact)
            if learnt is not None:
                self.say(_SEEN, fact=f"{fact.type} {_listed(fact.model_dump())}")
                return learnt
        return None

    async def _asked(self, step: Step, tried: Settings) -> Settings | None:
        """What the person says after the gateway did something."""
        async with self._device(tried) as (_, device):
            if step.act is not None:
                await step.act(device)
        self.say(step.do)
        self.say(_YES_NO)
        return {} if await self.terminal.agrees() else None

    @asynccontextmanager
    async def _device(self, tried: Settings) -> AsyncIterator[tuple[Settings, Any]]:
        """The settings as tried, and the device reached with them. Raises DeviceError."""
        product = self.device.product
        settings = self.device.settings.model_copy(update={**self.found, **tried})
        held: Any = await product.hold(settings)
        try:
            yield settings.model_dump(), product.driver.Device(settings, held)
        finally:
            await held.close()

    def _result(self, learnt: Settings | None) -> str:
        said = _OPEN if learnt is None else _AS_IS
        told = said.zh if self.terminal.chinese else said.en
        return _listed(learnt) if learnt else told


async def commission(file: Path, config: GatewayConfig, name: str, ports: Mapping[str, str], patience_s: float) -> int:
    """Walk a technician through one device; gives the exit code. Raises BadConfig if the file has no such device."""
    if name not in config.devices:
        raise BadConfig([f"{file.name}: there is no device {name!r}; there are {', '.join(config.devices)}"])
    device = config.devices[name]
    steps = getattr(device.product.driver, "COMMISSIONING", None) or _NOTHING
    near = replace(device, settings=config.moved(ports).devices[name].settings)
    with Terminal() as terminal:
        work = Commissioning(near, terminal, is_enrolled(config.top.data), patience_s)
        work.say(_HEAD, name=name, about=device.product.driver.ABOUT, port=device.settings.port)
        if isinstance(steps, Said):
            work.say(steps)
            return 0
        await work.walk(steps)
        now = device.settings.model_dump()
        changes = {key: value for key, value in work.found.items() if now[key] != value}
        await _keep(file, config, work, changes)
        report = _report(file, name, work.told)
        terminal.say(_REPORT, report=report)
    return 0


async def _keep(file: Path, config: GatewayConfig, work: Commissioning, changes: Settings) -> None:
    if changes:
        work.say(_WRITE, changes=_listed(changes), file=file)
        work.say(_YES_NO)
        if await work.terminal.agrees():
            mode = file.stat().st_mode
            durable.write(file, amended(file.name, config.text, work.device.name, changes).encode())
            file.chmod(mode)
            work.say(_WRITTEN, file=file)
            return
    work.say(_KEPT, file=file)


def _report(file: Path, name: str, told: list[str]) -> Path:
    """What was said, beside the file, under a name that no other report has."""
    now = datetime.now().astimezone()
    path = file.with_name(f"{file.stem}-{name}-{now:%Y%m%dT%H%M%S}.txt")
    durable.write(path, "\n".join([now.isoformat(timespec="seconds"), *told, ""]).encode())
    return path


def _listed(values: Settings) -> str:
    return ", ".join(f"{key}: {value}" for key, value in values.items() if key != "type")
