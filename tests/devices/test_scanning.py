"""What answers a wish of the scan desk, and what a line of it may hold."""

import pytest
from pydantic import ValidationError

from devices.journal import MAX_LINE
from devices.messages import Fact, UnreadableMessage, Wish, read_fact, read_wish, write_body
from devices.scanners import ScannerChanged, ScanSettings
from devices.scanning import (
    CloseJob,
    DifferenceExplained,
    ExplainDifference,
    JobClosed,
    JobOpened,
    LeftOut,
    OpenJob,
    PageScanned,
    ScanEnded,
    ScanPages,
    ScanStarted,
    SheetsDiffer,
    StopScan,
)

HASH = "ab" * 32
OPEN = OpenJob(job="j-1", case="case:17", operator="p-4", counted=3, left_out=(LeftOut(what="disc"),))
EXPLAIN = ExplainDifference(job="j-1", operator="p-4", scanned=2, why="miscounted")
ENDED = ScanEnded(job="j-1", sheets=2, why="jam", put_back=3)


def page(number: int = 1, sha256: str = HASH) -> PageScanned:
    return PageScanned(
        job="j-1",
        page=number,
        sheet=number,
        side="front",
        sha256=sha256,
        size=800_000,
        format="jpeg",
        width=2480,
        height=3508,
        mode="gray",
        resolution=300,
        source="feeder",
    )


@pytest.mark.parametrize(
    ("wish", "answer"),
    [
        (OPEN, JobOpened(job="j-1", case="case:17", operator="p-4", counted=3)),
        (ScanPages(job="j-1", preset="files"), ScanStarted(job="j-1", preset="files", from_sheet=1)),
        (StopScan(job="j-1"), ENDED),
        (EXPLAIN, DifferenceExplained(job="j-1", operator="p-4", counted=3, scanned=2, why="miscounted")),
        (CloseJob(job="j-1"), JobClosed(job="j-1", sheets=3, pages=6)),
        (CloseJob(job="j-1"), SheetsDiffer(job="j-1", counted=3, scanned=2)),
    ],
    ids=lambda message: message.type,
)
def test_a_wish_is_answered_by_the_fact_of_its_own_job_only(wish: Wish, answer: Fact) -> None:
    assert wish.answered_by(answer)
    assert not wish.answered_by(answer.model_copy(update={"job": "j-2"}))
    assert not wish.answered_by(page())


@pytest.mark.parametrize("name", ["张三诉李四", "case 17", "", "a" * 65])
def test_a_reference_has_no_room_for_a_name(name: str) -> None:
    with pytest.raises(UnreadableMessage, match="case"):
        read_wish("open_job", {**write_body(OPEN), "case": name})


def test_a_page_without_a_whole_hash_is_no_page() -> None:
    with pytest.raises(UnreadableMessage, match="sha256"):
        read_fact("page_scanned", {**write_body(page()), "sha256": HASH[:40]})


def test_a_page_is_a_small_line() -> None:
    assert len(page(2**31).model_dump_json()) < MAX_LINE / 16


def test_feeder_and_paper_path_are_one_state() -> None:
    assert ScannerChanged(feeder="empty", trouble="jam").state() == ("status", "empty,jam")
    assert page().state() is None


@pytest.mark.parametrize("wrong", [{"resolution": 30}, {"mode": "sepia"}, {"source": "tray"}, {"swskip": 5}])
def test_settings_no_scanner_has_are_no_settings(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        ScanSettings.model_validate(wrong)
