"""The log of a box at central: handed on as it comes, the last lines to who comes a moment late, nothing else."""

from contextlib import aclosing

from central.fleet.live_log import LiveLogs
from devices.health import LOG, LogLine


def line(text: str) -> str:
    return LogLine(at=1.0, level="INFO", source="gateway.bench", text=text).model_dump_json()


async def test_who_looks_gets_the_last_lines_and_each_that_comes_until_the_server_stops() -> None:
    logs = LiveLogs()
    logs.heard("locker-a", LOG, f"{line('one')}\n{line('two')}".encode())
    logs.heard("locker-b", LOG, line("elsewhere").encode())
    async with aclosing(logs.of("locker-a")) as stream:
        assert (await anext(stream)).event == "live"
        assert [(await anext(stream)).data for _ in range(2)] == [line("one"), line("two")]
        for stray in (b"no line", b'{"at": 1}', line("x").encode() * 9000):
            logs.heard("locker-a", LOG, stray)
        logs.heard("locker-a", "health", line("no log").encode())
        logs.heard("locker-a", LOG, line("three").encode())
        assert (await anext(stream)).data == line("three")
        logs.close()
        assert [event.data async for event in stream] == []


async def test_little_is_kept_however_much_comes() -> None:
    logs = LiveLogs()
    for number in range(400):
        logs.heard("locker-a", LOG, line(str(number)).encode())
    async with aclosing(logs.of("locker-a")) as stream:
        await anext(stream)
        assert (await anext(stream)).data == line("100")
    for number in range(60):
        logs.heard(f"box-{number}", LOG, line("one").encode())
    logs.heard("box-0", LOG, line("again").encode())
    async with aclosing(logs.of("locker-a")) as stream:
        await anext(stream)
        logs.close()
        assert [event async for event in stream] == []
