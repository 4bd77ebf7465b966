"""What the windows of a failing test showed, beside the failure."""

from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Error

from tests.browser.windows import Windows


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
