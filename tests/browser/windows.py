"""Chromium windows at a court: each its own desk, worked by keyboard, every step kept as a picture."""

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from central.demo.court import PASSWORD
from tests.house import ROOT
from tests.kit.installation import Installation
from tests.kit.process import until

PICTURES = ROOT / "build" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_WITHOUT_FRAME = "/usr/bin/chromium-headless-shell"
"""The same Chromium without toolbars and tabs, which nobody sees here: they take a third of a test's time."""
_PATIENCE_MS = 30_000
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic", "--no-first-run", "--lang=zh-CN"),
)
_READER_S = 0.005
_DESK = (1440, 900)
_NARROW = (390, 844)
_REMEMBER = """([selector, name]) => {
    const seen = new Set();
    const look = () => { for (const each of document.querySelectorAll(selector)) seen.add(each.getAttribute(name)); };
    const all = { subtree: true, childList: true, attributes: true, attributeFilter: [name] };
    new MutationObserver(look).observe(document, all);
    return seen;
}"""
_ASK = """async () => {
    for (const each of document.getAnimations()) try { each.finish(); } catch { each.cancel(); } // one without an end
    const told = await axe.run({ rules: { "target-size": { enabled: true } }, resultTypes: ["violations"] });
    const why = (node) => [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; ");
    const says = (id, node) => `${id}: ${node.html.slice(0, 200)}: ${why(node)}`;
    return told.violations.flatMap(({ id, nodes }) => nodes.map((node) => says(id, node)));
}"""


class Windows:
    """One browser at one court; `page` is a new desk, with nobody signed in."""

    existing: list["Windows"] = []
    """Those not yet closed, so that a failing test can show what they say."""

    def __init__(self, court: Installation, browser: Browser, chapter: str) -> None:
        self.url = str(court.http.base_url).rstrip("/")
        self._browser = browser
        self._chapter = chapter
        self._numbers = count(1)

    @property
    def contexts(self) -> list[BrowserContext]:
        """Everybody who has windows open."""
        return self._browser.contexts

    @property
    def pages(self) -> list[Page]:
        """Every open window."""
        return [page for context in self.contexts for page in context.pages]

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
        """Keep what the window shows now; whoever does not see it, or sees it badly, is kept from nothing on it."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{self._chapter}-{next(self._numbers):02}-{name}.png"
        path.write_bytes(page.screenshot(animations="disabled"))  # Playwright would write with a thread that stays
        found = barriers(page)
        assert not found, "\n".join(found)
        return path


def fits(page: Page) -> bool:
    """Whether the page is no wider than a telephone; the window is as it was afterwards."""
    page.set_viewport_size({"width": _NARROW[0], "height": _NARROW[1]})
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    page.set_viewport_size({"width": _DESK[0], "height": _DESK[1]})
    return bool(wide <= _NARROW[0])


def barriers(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its own good practice: rule, piece of the page, what is wrong."""
    page.evaluate(_axe())
    return [str(each) for each in page.evaluate(_ASK)]


@cache
def _axe() -> str:
    return (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


def live(page: Page) -> None:
    """Return once the page hears of changes: what happens from now on is not missed."""
    page.wait_for_function("() => document.body.dataset.live === 'on'")


def redrawn(page: Page) -> None:
    """Return once the live pieces of the page were fetched and drawn anew."""
    page.evaluate(
        "() => new Promise(done => { document.addEventListener('htmx:afterSettle', () => done(), {once: true});"
        " htmx.trigger(document.body, 'again'); })"
    )


def remembered(page: Page, selector: str, attribute: str) -> Callable[[str], None]:
    """Waits until an attribute had a value there at any moment from now on: it may be gone before anybody looks."""
    seen = page.evaluate_handle(_REMEMBER, [selector, attribute])
    return lambda value: until(f"{selector} was {value}", lambda: value in seen.evaluate("seen => [...seen]"))


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
        browser = playwright.chromium.launch(executable_path=CHROMIUM_WITHOUT_FRAME, args=[*QUIET, trust])
        at = Windows(court, browser, chapter)
        at.existing.append(at)
        try:
            yield at
        finally:
            at.existing.remove(at)
            browser.close()


def _key_of(court: Installation) -> str:
    """The fingerprint of the key of central's door, as Chromium takes it. Its own store of roots needs a tool more."""
    door = x509.load_pem_x509_certificate((court.home / "pki" / "https.pem").read_bytes())
    key = door.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()
