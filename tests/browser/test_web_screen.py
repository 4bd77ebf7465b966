"""The web screen in a real Chromium: what is painted, and that nothing stale ever stands there."""

import pytest
from playwright.async_api import async_playwright, expect

from devices.displays import Notice, NoticeShown
from drivers.displays.web_screen.driver import Config, Device, hold
from tests.browser.windows import CHROMIUM, QUIET
from tests.kit.mosquitto import free_port

pytestmark = [pytest.mark.browser, pytest.mark.long]
NOTICE = Notice(title="第三法庭", rows=("09:30 开庭", "<b>肃静</b> & 关闭手机"))
PATIENCE_MS = 60_000


async def test_a_notice_is_painted_as_written_and_goes_when_it_expires_or_the_gateway_ends() -> None:
    config = Config(port=f"http://127.0.0.1:{free_port()}", paint_s=25)
    worker = await hold(config)
    device = Device(config, worker)
    try:
        assert (await anext(aiter(device.watch()))).shows == "away"
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
            page = await browser.new_page()
            await page.goto(config.port)
            title = page.locator("h1")
            rows = page.locator("p")
            assert await device.show(NOTICE, 600) == NoticeShown()
            await expect(title).to_have_text("第三法庭", timeout=PATIENCE_MS)
            await expect(rows).to_have_text(["09:30 开庭", "<b>肃静</b> & 关闭手机"], timeout=PATIENCE_MS)
            assert await device.show(Notice(title="休庭"), 10) == NoticeShown()
            await expect(title).to_have_text("休庭", timeout=PATIENCE_MS)
            await expect(title).to_be_hidden(timeout=PATIENCE_MS)
            assert "休庭" not in await page.content()
            await device.show(NOTICE, 600)
            await expect(title).to_be_visible(timeout=PATIENCE_MS)
            await worker.close()
            await expect(title).to_be_hidden(timeout=PATIENCE_MS)
            assert await title.text_content() == ""
            await browser.close()
    finally:
        await worker.close()


async def test_the_driver_starts_chromium_in_kiosk_mode_and_it_paints() -> None:
    config = Config(port=f"http://127.0.0.1:{free_port()}", browser=(CHROMIUM, "--headless=new", *QUIET), paint_s=25)
    worker = await hold(config)
    try:
        assert await Device(config, worker).show(NOTICE, 600) == NoticeShown()
    finally:
        await worker.close()
