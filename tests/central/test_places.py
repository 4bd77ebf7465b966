"""Floors and rooms stand in the order people count them."""

import pytest

from central.places import in_order


@pytest.mark.parametrize(
    "names",
    [
        ["B2", "B1", "一楼", "二楼", "三楼", "十楼", "十二楼", "二十一楼"],
        ["地下二层", "负一楼", "1F", "3F", "12F"],
        ["第一法庭", "第二法庭", "第三法庭", "第十法庭", "第十一法庭"],
        ["一百零二室", "二〇三室", "三百室"],
        ["B203", "Hall 2", "Hall 10"],
        ["", "３楼", "楼"],
    ],
)
def test_names_are_sorted_by_what_their_numbers_are_worth(names: list[str]) -> None:
    assert sorted(reversed(names), key=in_order) == names
