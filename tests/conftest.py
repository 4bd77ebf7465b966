"""What holds for every test: nothing is left running, and no law is judged by a stopwatch."""

import asyncio
import gc
import inspect
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.kit.databases import bring_up_to_date, compiled_once
from tests.kit.installation import Installation
from tests.kit.passwords import quickly_hashed

gc.disable()  # until the tests begin: what is imported stays, and looking through it is a fifth of what that costs

settings.register_profile("courtside", max_examples=30, deadline=None, print_blob=True)
settings.load_profile("courtside")

GRACE_S = 5.0
"""How long a thread that was told to end may take; nobody waits that long unless something is wrong."""

_COUNTED = "counted"
_THREADS = pytest.StashKey[set[threading.Thread]]()


_SLOW = {"life", "browser"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes begin first, so that at the end no process waits for another's."""
    items.sort(key=lambda item: _SLOW.isdisjoint(item.path.parts))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """From here on garbage is collected, and what was imported is not looked through for it; in every process."""
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


@pytest.fixture(scope="session", autouse=True)
def _done_once() -> Iterator[None]:
    """What costs most of many tests and proves nothing there is cheap: statements compiled anew, passwords hashed."""
    with compiled_once(), quickly_hashed():
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_temporary_folder_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Processes killed by a test tidy nothing up: what they leave in the temporary folder goes when the run ends."""
    tmp_path_factory.getbasetemp()  # pytest's own folders stay where people look for them after a failure
    with (
        tempfile.TemporaryDirectory(prefix="courtside-tests-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        Path(folder).chmod(0o711)  # a document is turned into a PDF by a user who may see nothing else
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", None)
        yield


@pytest.fixture
async def _no_task_left() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task() and not task.done()}
    if left:
        names = ", ".join(sorted(str(task.get_coro()) for task in left))
        pytest.fail(f"the test left tasks behind: {names}")


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> None:
    """A test that leaves asyncio tasks or threads behind fails, however green it was."""
    request.node.stash[_THREADS] = set(threading.enumerate())
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("_no_task_left")


@pytest.fixture(scope="session")
def up_to_date(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of a court with every table and nothing in it, to be copied."""
    file = tmp_path_factory.mktemp("database") / "central.db"
    bring_up_to_date(f"sqlite:///{file}")
    return file


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes what a test counted, to be printed at the end of the run, in whichever process the test ran."""
    return lambda text: request.node.user_properties.append((_COUNTED, text))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests counted: kills, losses, doubles."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, text in report.user_properties:
                    if name == _COUNTED:
                        terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {text}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Show what the processes of running courts said last, beside the failure."""
    report = yield
    if report.failed:
        for court in Installation.existing:
            said = [(name, process.last_words()) for name, process in court.processes.items()]
            report.sections += [(f"last words of {name}", words) for name, words in said]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Count threads once every fixture is torn down and the test's event loop is closed."""
    yield
    before = item.stash[_THREADS] if _THREADS in item.stash else set(threading.enumerate())
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(GRACE_S)
    alive = sorted(thread.name for thread in left if thread.is_alive())
    if alive:
        pytest.fail(f"the test left threads behind: {', '.join(alive)}", pytrace=False)
