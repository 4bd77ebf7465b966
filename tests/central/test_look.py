"""The look of the pages: nothing from elsewhere, one word a state, times and readers."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from central.cases import flow as case_flow
from central.custody import door, flow
from central.web import times
from central.web.session import safe_next
from central.web.states import STATES
from central.wishes.service import STATE_NAMES

WEB = Path(__file__).parents[2] / "central" / "web"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_no_template_and_no_script_of_ours_names_a_remote_host() -> None:
    files = [*(WEB / "templates").rglob("*.html"), *(WEB / "static").glob("*.*")]
    for path in files:
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|[\"'(]//\w", text), path.name


def test_every_icon_a_template_draws_is_in_the_sprite() -> None:
    icons = set(json.loads((WEB / "icons.json").read_text()))
    text = "".join(path.read_text("utf-8") for path in (WEB / "templates").rglob("*.html"))
    drawn = set(re.findall(r"""(?:icon|empty)\("([a-z0-9-]+)\"""", text))
    drawn |= set(re.findall(r"""\("[a-z.]*", "/[a-z-]*", "([a-z0-9-]+)\"""", text))
    assert drawn <= icons
    assert [icon for icon in icons if f'"{icon}"' not in text] == []


def test_a_state_has_the_same_word_on_every_page() -> None:
    for kind, names in (
        ("volume", flow.STATE_NAMES),
        ("move", door.STATE_NAMES),
        ("case", case_flow.STATE_NAMES),
        ("wish", STATE_NAMES),
    ):
        assert {state: STATES[f"{kind}:{state}"].word for state in names} == dict(names)


def test_times_carry_the_date_only_when_it_is_not_today() -> None:
    now = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    assert times.clock(now, now, SHANGHAI) == "09:00"
    assert times.clock(now - timedelta(hours=10), now, SHANGHAI) == "11-22 23:00"
    assert times.clock(now - timedelta(days=365), now, SHANGHAI) == "2025-11-23 09:00"
    assert times.ago(now - timedelta(hours=3), now, "zh") == "3小时前"
    assert times.ago(now + timedelta(days=2), now, "en") == "in 2 days"


def test_signing_in_never_leads_to_another_site() -> None:
    assert [safe_next(each) for each in ("/moves/1", "//evil.example", "/\\evil.example", "https://evil.example")] == [
        "/moves/1",
        "/",
        "/",
        "/",
    ]
