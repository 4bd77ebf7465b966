"""A hearing that two microphone devices recorded is heard whole: every seat, in time with the others."""

import asyncio
from array import array
from collections.abc import Iterator
from math import sin
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from central.cli.works import courtroom
from central.demo.court import furnish
from central.hearings.projector import HearingProjector
from central.hearings.spoken import Utterance
from central.hearings.tables import Hearing, Sound
from central.ledger.projection import LineView
from central.running import Court
from devices.hearings import COURTROOM, DriftMeasured, HearingClosed, HearingOpened, SeatSound, SegmentRecorded
from devices.journal import ZERO, Stamp, read_line, write_line
from devices.messages import Fact, write_body
from gateway.hearing.flac import encode
from tests.browser.windows import Windows, fits, live, windows
from tests.kit.installation import Installation

pytestmark = pytest.mark.browser

RATE = 16000
ROLES = {"judge": "presiding_judge", "clerk": "clerk", "plaintiff": "plaintiff", "defendant": "defendant"}
DEVICES = {"bench": ("judge", "clerk"), "table": ("plaintiff", "defendant")}
SEGMENTS = (("bench", 0, 20), ("table", 0, 30), ("bench", 20, 40), ("table", 30, 40))
"""(device, first second, last second), numbered from 1."""
PPM = 10_000
"""So fast the table's samples came: far more than any device, so that it cannot be missed."""
_IN_TIME = """(seats) => {
    const begins = { 1: 0, 2: 0, 3: 20, 4: 30 };
    const pace = { 1: 1, 2: 1.01, 3: 1, 4: 1.01 };
    const at = seats.map((seat) => {
        const sound = [...document.querySelectorAll("#player audio")].find((one) => one.src.endsWith(`/${seat}`));
        if (!sound || sound.paused || sound.seeking || !sound.currentTime) return NaN;
        const segment = sound.src.split("/").at(-2);
        return (begins[segment] + sound.currentTime) / pace[segment];
    });
    return Math.max(...at) - Math.min(...at) < 0.03;
}"""
_IS_SILENT = """(seat) => [...document.querySelectorAll("#player audio")]
    .every((sound) => sound.paused || !sound.src.endsWith(`/${seat}`))"""
_PLAYED = """([segment, seat]) => [...document.querySelectorAll("#player audio")]
    .some((sound) => sound.src.endsWith(`/${segment}/${seat}`) && sound.currentTime > 0 && !sound.paused)"""


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("two-devices")) as court:
        court.found()
        with courtroom(court.home) as opened:
            furnish(opened)
            record(opened, court.folder)
        court.start("broker", "central")
        yield court


@pytest.fixture(scope="module")
def desk(court: Installation) -> Iterator[tuple[Windows, Page]]:
    with windows(court, "two-devices") as opened:
        yield opened, opened.desk(path="/hearings/1/transcript")


def record(court: Court, folder: Path) -> None:
    """A hearing of forty seconds at which the judge speaks from the twelfth to the thirtieth."""
    facts: list[Fact] = [HearingOpened(hearing="h-1", by="button", opened_at=court.clock(), rate=RATE)]
    for number, (device, begins, ends) in enumerate(SEGMENTS, 1):
        hum = array("h", (round(6000 * sin(number * sample / 40)) for sample in range((ends - begins) * RATE)))
        pcm = folder / f"{number}.pcm"
        pcm.write_bytes(hum.tobytes())
        (sound,), mixed = asyncio.run(encode(pcm, RATE, 1, [1]))
        seats = {
            seat: SeatSound(sound=court.blobs.put(sound + seat.encode()), device=device, channel=channel)
            for channel, seat in enumerate(DEVICES[device], 1)
        }
        if number == len(SEGMENTS):  # of one the sound never came
            seats["defendant"] = SeatSound(sound="0" * 64, device=device, channel=2)
        facts.append(
            SegmentRecorded(
                hearing="h-1", number=number, from_sample=begins * RATE, to_sample=ends * RATE, rate=RATE,
                at=court.clock(), seats=seats, mixed=court.blobs.put(mixed),
            )
        )  # fmt: skip
    facts += [DriftMeasured(hearing="h-1", device="table", ppm=PPM, seconds=60)]
    facts += [HearingClosed(hearing="h-1", at_sample=40 * RATE, by="button")]
    with court.store.write() as session:
        for number, fact in enumerate(facts, 1):
            raw = write_line(
                number, ZERO, Stamp(court.clock(), "boot", number), COURTROOM, (fact.type, write_body(fact)), None
            )
            HearingProjector().project(session, LineView("courtroom-a", 77, read_line(raw), ZERO))
        hearing = session.scalars(select(Hearing)).one()
        hearing.seats = dict(ROLES)
        sound_id = session.scalars(select(Sound.id).where(Sound.seat == "judge").order_by(Sound.id)).first()
        span = {"from_sample": 12 * RATE, "to_sample": 30 * RATE}
        session.add(
            Utterance(
                hearing_id=hearing.id, sound_id=sound_id, seat="judge", heard="现在开庭", confidence=1.0, **span,
                words=[["现在", 12 * RATE, 14 * RATE, 1.0], ["开庭", 14 * RATE, 30 * RATE, 1.0]],
            )
        )  # fmt: skip


def seat(page: Page, name: str) -> Locator:
    """The button by which that seat is muted."""
    return page.locator("#heard").get_by_role("button", name=name)


def test_all_seats_of_two_devices_are_heard_in_time_and_each_can_be_muted(desk: tuple[Windows, Page]) -> None:
    at, page = desk
    live(page)
    page.locator(".word", has_text="开庭").click()
    expect(page.locator("#heard")).to_be_hidden()
    page.get_by_role("button", name="听全庭").click()
    page.get_by_role("button", name="接着放下去").click()
    expect(page.locator("#playing-seat")).to_have_text("全庭")
    page.wait_for_function(_IN_TIME, arg=list(ROLES))
    at.picture(page, "whole-room")
    page.evaluate("() => { const [, other] = document.querySelectorAll('#player audio'); other.currentTime += 1; }")
    page.wait_for_function(_IN_TIME, arg=list(ROLES))

    seat(page, "原告").click()
    page.wait_for_function(_IS_SILENT, arg="plaintiff")
    page.wait_for_function(_IN_TIME, arg=["judge", "clerk", "defendant"])
    seat(page, "审判长").click()  # who was clicked on first goes, and the others go on
    page.wait_for_function(_IS_SILENT, arg="judge")
    page.wait_for_function(_IN_TIME, arg=["clerk", "defendant"])
    seat(page, "书记员").click()
    expect(seat(page, "被告")).to_be_disabled()
    at.picture(page, "one-heard")
    for name in ("原告", "审判长", "书记员"):
        seat(page, name).click()
    page.wait_for_function(_IN_TIME, arg=list(ROLES))


def test_the_room_goes_on_over_the_ends_of_segments_that_lie_apart_and_without_what_is_missing(
    desk: tuple[Windows, Page],
) -> None:
    at, page = desk
    page.locator("#speed").select_option("2")
    page.locator(".word", has_text="开庭").click()
    page.wait_for_function(_PLAYED, arg=[2, "plaintiff"])
    page.wait_for_function(_PLAYED, arg=[3, "judge"])
    page.wait_for_function(_IN_TIME, arg=list(ROLES))
    page.wait_for_function(_PLAYED, arg=[4, "plaintiff"])
    page.wait_for_function(_IN_TIME, arg=["judge", "clerk", "plaintiff"])
    expect(page.locator("#playing-trouble")).not_to_be_empty()
    at.picture(page, "one-missing")
    page.get_by_role("button", name="听全庭").click()
    page.goto(f"{at.url}/hearings/1/transcript?lang=en")
    page.locator(".word").first.click()
    page.get_by_role("button", name="Hear the whole room").click()
    page.wait_for_function(_IN_TIME, arg=list(ROLES))
    at.picture(page, "english")
    assert fits(page)
    page.set_viewport_size({"width": 390, "height": 844})
    at.picture(page, "narrow")
