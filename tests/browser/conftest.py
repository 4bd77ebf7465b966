"""What the windows of a failing test showed, beside the failure; and no window outlives its test."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import Error

from tests.browser.windows import Windows


@pytest.fixture(autouse=True)
def _windows_are_shut() -> Iterator[None]:
    """What a test opened hears of nothing after it: every window that is left open costs the others their time."""
    stay = {context for browser in Windows.existing for context in browser.contexts}
    yield
    for context in [each for browser in Windows.existing for each in browser.contexts if each not in stay]:
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Show what every open window says."""
    report = yield
    if report.failed:
        report.sections += [(f"window at {url}", text) for browser in Windows.existing for url, text in said(browser)]
    return report


def said(browser: Windows) -> list[tuple[str, str]]:
    """Address and words of each open window of that browser."""
    try:
        return [(page.url, page.inner_text("body")) for page in browser.pages]
    except Error as error:
        return [("nowhere", str(error))]
