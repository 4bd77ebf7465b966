"""Chromium windows at a court: each its own desk, worked by keyboard, every step kept as a picture."""

import base64
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page, expect, sync_playwright

from central.demo.court import PASSWORD
from tests.house import ROOT
from tests.kit.installation import Installation

PICTURES = ROOT / "build" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
_PATIENCE_MS = 30_000
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic", "--no-first-run", "--lang=zh-CN"),
)
_READER_S = 0.005
_DESK = (1440, 900)


class Windows:
    """One browser at one court; `page` is a new desk, with nobody signed in."""

    def __init__(self, court: Installation, browser: Browser, chapter: str) -> None:
        self.url = str(court.http.base_url).rstrip("/")
        self._browser = browser
        self._chapter = chapter
        self._numbers = count(1)

    def page(self, size: tuple[int, int] = _DESK, language: str = "zh-CN") -> Page:
        """A window of that size, of somebody whose machine speaks that language."""
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale=language, timezone_id="Asia/Shanghai"
        )
        context.set_default_timeout(_PATIENCE_MS)
        return context.new_page()

    def desk(self, login: str = "clerk", path: str = "/", language: str = "zh-CN", password: str = PASSWORD) -> Page:
        """A window in which that person signed in, by keyboard, and went to `path`."""
        page = self.page(language=language)
        page.goto(f"{self.url}{path}")
        expect(page.locator("#f-login")).to_be_focused()
        page.keyboard.type(login)
        page.keyboard.press("Tab")
        page.keyboard.type(password)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self.url}{path}")
        live(page)
        return page

    def picture(self, page: Page, name: str) -> Path:
        """Keep what the window shows now."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{self._chapter}-{next(self._numbers):02}-{name}.png"
        path.write_bytes(page.screenshot(animations="disabled"))  # Playwright would write with a thread that stays
        return path


def live(page: Page) -> None:
    """Return once the page hears of changes: what happens from now on is not missed."""
    page.wait_for_function("() => document.body.dataset.live === 'on'")


def redrawn(page: Page) -> None:
    """Return once the live pieces of the page were fetched and drawn anew."""
    page.evaluate(
        "() => new Promise(done => { document.addEventListener('htmx:afterSettle', () => done(), {once: true});"
        " htmx.trigger(document.body, 'again'); })"
    )


def types(page: Page, code: str) -> None:
    """A reader that is a keyboard types what it reads and ends with Enter.

    The keys carry the times a reader would have given them, for a busy machine may take longer to bring each.
    """
    keyboard = page.context.new_cdp_session(page)
    begun = time.time()
    for number, key in enumerate([*code, "Enter"]):
        text, number_of_key = ("\r", 13) if key == "Enter" else (key, 0)
        what = {"key": key, "windowsVirtualKeyCode": number_of_key, "timestamp": begun + number * _READER_S}
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": text, **what})
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **what})
    keyboard.detach()


def cell_on(page: Page) -> int:
    """The cell that the page of a move shows in large figures."""
    return int(page.locator(".door-number").inner_text().rpartition("-")[2])


@contextmanager
def windows(court: Installation, chapter: str) -> Iterator[Windows]:
    """A browser that trusts this court's key and no other that its machine does not know; pictures named `chapter-`."""
    expect.set_options(timeout=_PATIENCE_MS)
    for old in PICTURES.glob(f"{chapter}-*.png"):
        old.unlink()
    trust = f"--ignore-certificate-errors-spki-list={_key_of(court)}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, trust])
        try:
            yield Windows(court, browser, chapter)
        finally:
            browser.close()


def _key_of(court: Installation) -> str:
    """The fingerprint of the key of central's door, as Chromium takes it. Its own store of roots needs a tool more."""
    door = x509.load_pem_x509_certificate((court.home / "pki" / "https.pem").read_bytes())
    key = door.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
