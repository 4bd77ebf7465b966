"""A scanning desk in one process: nothing missing, nothing twice, and every difference explained."""

import hashlib
import json
from pathlib import Path

import pytest

from devices.box import DeviceGone
from devices.errors import DeviceBusy, WishRejected
from devices.scanners import ScannerButton
from devices.scanning import (
    CloseJob,
    DifferenceExplained,
    ExplainDifference,
    JobClosed,
    JobOpened,
    OpenJob,
    PageScanned,
    ScanEnded,
    ScanPages,
    ScanStarted,
    SheetsDiffer,
    StopScan,
)
from drivers.escl_feeder import Sheet, numbered
from gateway.config import parse
from gateway.config_text import BadConfig
from gateway.scanning.envelope import Envelope
from tests.kit.office import FILE, Office, office

ONE, TWO = ScanPages(job="j-1", preset="one-sided"), ScanPages(job="j-1", preset="two-sided")

EVERY_SCANNER = pytest.mark.parametrize("driver", ["scanners/sane", "scanners/escl"])


def alike(it: Office) -> int:
    """How many different images the current pages have."""
    return len({page.sha256 for page in it.current})


async def test_an_envelope_is_scanned_page_by_page_and_closed_when_every_sheet_is_there(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        it.hand("put_blank", sheets=3)
        await it.open(3)
        asked = await it.ask(ONE)
        assert await it.until(ScanEnded) == ScanEnded(job="j-1", sheets=3, why="out_of_paper")
        await it.ask(CloseJob(job="j-1"))
        assert await it.until(JobClosed) == JobClosed(job="j-1", sheets=3, pages=3)
        (started,) = [line for line in it.lines if line.type == "scan_started"]
        assert started.cause == asked
        for page in it.current:
            image = (it.blobs / page.sha256).read_bytes()
            assert hashlib.sha256(image).hexdigest() == page.sha256 and len(image) == page.size
            assert (page.mode, page.resolution, page.source, page.side) == ("gray", 75, "feeder", "front")
        assert [page.sheet for page in it.current] == [1, 2, 3] and alike(it) == 3
        last = json.loads([told for stream, told in it.live if stream == "progress"][-1])
        assert last == {"job": "j-1", "sheets": 3, "pages": 3, "counted": 3, "scanning": False}
        with pytest.raises(WishRejected, match="is closed"):
            await it.open(3)


@EVERY_SCANNER
async def test_a_jam_keeps_what_came_names_the_sheet_and_the_job_goes_on(driver: str, tmp_path: Path) -> None:
    async with office(tmp_path, driver) as it:
        it.hand("put_blank", sheets=4)
        await it.open(4)
        it.hand("jam", sides=2)
        await it.ask(ONE)
        assert await it.until(ScanEnded) == ScanEnded(job="j-1", sheets=2, why="jam", put_back=3)
        it.hand("clear")
        await it.ask(ONE)
        assert (await it.until(ScanEnded, 2)).sheets == 4
        assert [page.sheet for page in it.current] == [1, 2, 3, 4] and alike(it) == 4


async def test_after_two_sheets_at_once_or_an_open_cover_the_job_goes_on_and_each_sheet_is_there_once(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as it:
        it.hand("put_blank", sheets=4)
        await it.open(4)
        for number, trouble in enumerate(("double_feed", "open_cover"), 1):
            it.hand(trouble, sides=1)
            await it.ask(ONE)
            ended = await it.until(ScanEnded, number)
            assert (ended.why, ended.sheets, ended.put_back) == ("fault", number, number + 1)  # airscan knows no better
            it.hand("clear")
        await it.ask(ONE)
        assert (await it.until(ScanEnded, 3)).sheets == 4
        assert [page.sheet for page in it.current] == [1, 2, 3, 4] and alike(it) == 4


async def test_a_sheet_of_which_only_the_front_came_goes_through_again_and_is_there_once(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        it.stage.feeder.put_in([Sheet(sheet.front, sheet.front) for sheet in numbered(2)])
        await it.open(2)
        it.hand("jam", sides=3)
        await it.ask(TWO)
        assert await it.until(ScanEnded) == ScanEnded(job="j-1", sheets=1, why="jam", put_back=2)
        it.hand("clear")
        await it.ask(TWO)
        await it.until(ScanEnded, 2)
        assert [(page.sheet, page.side) for page in it.current] == [
            (n, side) for n in (1, 2) for side in ("front", "back")
        ]
        assert [page.instead_of for page in it.facts(PageScanned)] == [None, None, None, 3, None]


@EVERY_SCANNER
async def test_a_scanner_pulled_out_mid_page_is_gone_back_and_the_job_goes_on(driver: str, tmp_path: Path) -> None:
    async with office(tmp_path, driver) as it:
        it.hand("put_blank", sheets=3)
        await it.open(3)
        it.hand("pull_mid_page", sides=1)
        await it.ask(ONE)
        assert await it.until(ScanEnded) == ScanEnded(job="j-1", sheets=1, why="gone", put_back=2)
        await it.until(DeviceGone)
        it.hand("plug_in")
        assert not await it.bench.missing(["scanner-a"], 60)
        await it.ask(ONE)
        await it.until(ScanEnded, 2)
        assert [page.sheet for page in it.current] == [1, 2, 3] and alike(it) == 3


async def test_a_difference_keeps_the_job_open_until_somebody_answers_for_it_as_it_is(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        it.hand("put_blank", sheets=2)
        await it.open(3)
        await it.ask(ONE)
        await it.until(ScanEnded)
        await it.ask(CloseJob(job="j-1"))
        assert await it.until(SheetsDiffer) == SheetsDiffer(job="j-1", counted=3, scanned=2)
        told = {"job": "j-1", "operator": "person:1", "why": "miscounted"}
        with pytest.raises(WishRejected, match="2 sheets are scanned, not 3"):
            await it.ask(ExplainDifference.model_validate({**told, "scanned": 3}))
        await it.ask(ExplainDifference.model_validate({**told, "scanned": 2}))
        assert (await it.until(DifferenceExplained)).counted == 3
        it.hand("put_blank", sheets=2)
        await it.ask(ONE)
        await it.until(ScanEnded, 2)
        await it.ask(CloseJob(job="j-1"))
        assert (await it.until(SheetsDiffer, 2)).scanned == 4
        await it.ask(ExplainDifference.model_validate({**told, "scanned": 4, "why": "other"}))
        await it.ask(CloseJob(job="j-1"))
        assert await it.until(JobClosed) == JobClosed(job="j-1", sheets=4, pages=4, explained=True)


async def test_one_page_is_scanned_anew_in_the_place_of_the_old(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        it.hand("put_blank", sheets=2)
        await it.open(2)
        await it.ask(TWO)
        await it.until(ScanEnded)
        it.hand("put_blank", sheets=2)
        await it.ask(ScanPages(job="j-1", preset="two-sided", instead_of=4))
        await it.until(ScanEnded, 2)
        new = it.facts(PageScanned)[-1]
        assert (new.page, new.sheet, new.side, new.instead_of) == (5, 2, "back", 4)
        await it.ask(CloseJob(job="j-1"))
        assert await it.until(JobClosed) == JobClosed(job="j-1", sheets=2, pages=5)


async def test_a_stop_ends_after_the_page_that_is_being_read(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        it.hand("put_blank", sheets=60)
        await it.open(60)
        await it.ask(ONE)
        await it.until(PageScanned)
        with pytest.raises(DeviceBusy):
            await it.ask(ONE)
        with pytest.raises(DeviceBusy):
            await it.ask(CloseJob(job="j-1"))
        await it.ask(StopScan(job="j-1"))
        ended = await it.until(ScanEnded)
        assert ended.why == "cancelled" and ended.put_back == ended.sheets + 1 == len(it.current) + 1 < 60


async def test_an_empty_feeder_and_a_preset_the_scanner_cannot_keep_are_told_and_nothing_is_fed(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        await it.open(1)
        await it.ask(ONE)
        assert await it.until(ScanEnded) == ScanEnded(job="j-1", sheets=0, why="out_of_paper")
        it.hand("put_blank", sheets=1)
        await it.ask(ScanPages(job="j-1", preset="wrong"))
        assert (await it.until(ScanEnded, 2)).why == "fault"
        assert it.stage.look()["sheets"] == 1 and it.current == []


async def test_the_scanners_own_button_feeds_the_one_envelope_on_the_desk(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        it.hand("put_blank", sheets=1)
        it.desk.heard("scanner-a", ScannerButton(button="scan"))
        await it.open(1)
        assert it.facts(ScanStarted) == []
        it.desk.heard("scanner-a", ScannerButton(button="scan"))
        assert (await it.until(ScanStarted)).start == "button"
        assert (await it.until(ScanEnded)).sheets == 1


async def test_what_is_no_job_no_preset_or_no_page_is_refused(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        await it.open(1)
        await it.open(1)
        assert len(it.facts(JobOpened)) == 1
        wishes = {
            "open with other words": OpenJob(job="j-1", case="case:2", operator="person:1", counted=1),
            "no envelope j-2": ScanPages(job="j-2", preset="one-sided"),
            "no preset is called thin": ScanPages(job="j-1", preset="thin"),
            "has no page 7": ScanPages(job="j-1", preset="one-sided", instead_of=7),
            "not being scanned": StopScan(job="j-1"),
            "0 sheets are scanned": ExplainDifference(job="j-1", operator="person:1", scanned=1, why="other"),
        }
        for said, wish in wishes.items():
            with pytest.raises(WishRejected, match=said):
                await it.ask(wish)


async def test_a_desk_that_starts_anew_knows_its_envelopes_from_the_journal(tmp_path: Path) -> None:
    async with office(tmp_path) as it:
        it.hand("put_blank", sheets=2)
        await it.open(3)
        await it.ask(ONE)
        await it.until(ScanEnded)
    async with office(tmp_path) as it:
        it.hand("put_blank", sheets=1)
        await it.ask(ONE)
        await it.until(ScanEnded, 2)
        await it.ask(CloseJob(job="j-1"))
        assert await it.until(JobClosed) == JobClosed(job="j-1", sheets=3, pages=3)
    async with office(tmp_path) as it:
        with pytest.raises(WishRejected, match="is closed"):
            await it.open(3)


def test_a_page_of_another_job_is_not_in_this_envelope() -> None:
    envelope = Envelope("j-1")
    envelope.take(JobOpened(job="j-2", case="case:1", operator="person:1", counted=1))
    assert envelope.opened is None and envelope.sheets == 0 and envelope.next_sheet == 1


def test_a_page_that_another_book_tells_anew_is_there_once() -> None:
    envelope = Envelope("j-1")
    page = PageScanned(job="j-1", page=1, sheet=1, side="front", sha256="0" * 64, size=1, format="jpeg", width=1,
                       height=1, mode="gray", resolution=75, source="feeder")  # fmt: skip
    envelope.take(page)
    envelope.take(page)
    assert envelope.pages == [page] and envelope.sheets == 1


def test_a_desk_with_a_scanner_or_preset_that_is_none_is_no_file() -> None:
    file = FILE.format(data="/tmp/none", port="sane:any")
    with pytest.raises(BadConfig, match="'scanner-b' is no device of scanners here"):
        parse("file", file.replace("scanner: scanner-a", "scanner: scanner-b"))
    with pytest.raises(BadConfig, match=r"button_preset: no preset is called so"):
        parse("file", file.replace("button_preset: one-sided", "button_preset: none-such"))
    with pytest.raises(BadConfig, match="no such setting; did you mean 'resolution'"):
        parse("file", file.replace("source: feeder, resolution", "source: feeder, resolutoin"))
