"""A CSV file is taken in whole or not at all, and says beforehand what is wrong and what would change."""

import pytest
from sqlalchemy import func, select

from central.cases.service import case_by_number, find_volume
from central.custody.cells import find_cabinet
from central.importing.reading import decode
from central.importing.service import Preview, apply, preview
from central.ledger.tables import LedgerLine
from central.people.service import SYSTEM, person_by_login
from central.web.refused import Refused

from .locker import Locker

CASES = """案号,案由,当事人,收案日期
（2026）苏0206民初200号,买卖合同纠纷,原告:郑某;被告:冯某,2026-03-09
(2026)苏0206刑初7号,盗窃罪,,2026/3/9
"""
VOLUMES = """案号,册号,尺寸,副卷,条码
（2026）苏0206民初123号,1,S,否,HS-0001
（2026）苏0206民初123号,9,L,是,HS-0900
"""


def run(locker: Locker, kind: str, text: str, *, keep: bool = False) -> Preview:
    with locker.store.write() as session:
        return (apply if keep else preview)(session, SYSTEM, kind, text, locker.now)


def lines(locker: Locker) -> int:
    with locker.store.read() as session:
        return session.scalar(select(func.count()).select_from(LedgerLine)) or 0


def test_a_preview_tells_what_would_change_and_changes_nothing(locker: Locker) -> None:
    before = lines(locker)
    told = run(locker, "volumes", VOLUMES)
    assert [(change.line, change.sort, change.what) for change in told.changes] == [
        (2, "same", "（2026）苏0206民初123号 1"),
        (3, "new", "（2026）苏0206民初123号 9"),
    ]
    assert told.problems == [] and lines(locker) == before
    with locker.store.read() as session, pytest.raises(Refused):
        find_volume(session, "HS-0900")


def test_a_file_without_fault_is_taken_in(locker: Locker) -> None:
    run(locker, "cases", CASES, keep=True)
    run(locker, "volumes", VOLUMES, keep=True)
    with locker.store.read() as session:
        case = case_by_number(session, "（2026）苏0206刑初7号")
        assert case is not None and case.type == "criminal"
        volume = find_volume(session, "HS-0900")
        assert (volume.secret, volume.size) == (True, "L")


def test_one_fault_keeps_the_whole_file_out_and_is_told_by_line_and_column(locker: Locker) -> None:
    text = CASES + "2026-9,纠纷,,\n（2026）苏0206民初201号,,,\n（2026）苏0206民初202号,x,周某,三月\n"
    told = run(locker, "cases", text)
    assert [(problem.line, problem.column) for problem in told.problems] == [
        (4, "案号"),
        (5, "案由"),
        (6, "当事人"),
    ]
    assert told.problems[0].given == "2026-9" and "应写成" in str(told.problems[0].said)
    with pytest.raises(Refused, match="3 处问题"):
        run(locker, "cases", text, keep=True)
    with locker.store.read() as session:
        assert case_by_number(session, "（2026）苏0206民初200号") is None


def test_two_rows_of_one_file_that_contradict_each_other_are_found(locker: Locker) -> None:
    told = run(locker, "volumes", VOLUMES + "（2026）苏0206民初123号,10,M,否,HS-0900\n")
    assert [problem.line for problem in told.problems] == [4] and "HS-0900" in str(told.problems[0].said)


def test_people_are_known_by_login_and_their_roles_may_be_written_in_chinese(locker: Locker) -> None:
    text = "login,name,roles\nclerk,王书记,书记员;档案员\nnew.one,新人,judge\n"
    assert [change.sort for change in run(locker, "people", text, keep=True).changes] == ["changed", "new"]
    with locker.store.read() as session:
        clerk = person_by_login(session, "clerk")
        assert clerk is not None and clerk.roles == ["archivist", "clerk"]


def test_cabinets_and_their_cells(locker: Locker) -> None:
    run(locker, "cabinets", "柜名,网关,位置\nB,locker-b,二楼\n", keep=True)
    told = run(locker, "cells", "柜名,格口,尺寸,锁板\nB,1,S,wall-b\nB,2,L,wall-b\nC,1,S,wall-c\nB,x,S,wall-b\n")
    assert [(problem.line, problem.column) for problem in told.problems] == [(4, "柜名"), (5, "格口")]
    run(locker, "cells", "柜名,格口,尺寸,锁板\nB,1,S,wall-b\nB,2,L,wall-b\n", keep=True)
    with locker.store.read() as session:
        assert [(cell.number, cell.device_cell) for cell in find_cabinet(session, "B").cells] == [(1, 1), (2, 2)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_of_any_common_encoding_read_the_same(encoding: str) -> None:
    assert decode(CASES.encode(encoding)) == CASES


def test_bytes_of_no_encoding_are_refused() -> None:
    with pytest.raises(Refused, match="编码"):
        decode(b"\xff\xff\xff")


def test_a_row_that_stands_there_twice_or_goes_beyond_the_head_keeps_the_file_out(locker: Locker) -> None:
    people = run(locker, "people", "login,name,roles\nnew.one,甲,judge\nclerk,乙,clerk\nnew.one,丙,clerk\n")
    assert [(problem.line, problem.given) for problem in people.problems] == [(4, "new.one")]
    assert "第 2 行" in str(people.problems[0].said)
    cases = run(locker, "cases", "案号,案由\n（2026）苏0206民初203号,买卖,租赁\n（2026）苏0206民初204号,借款,\n")
    assert [(problem.line, problem.given) for problem in cases.problems] == [(2, "租赁")]
    assert [change.line for change in cases.changes] == [3]


@pytest.mark.parametrize("day", ["5/1/26", "26-1-5", "2026-13-1"])
def test_a_day_that_may_be_read_in_two_ways_is_none(locker: Locker, day: str) -> None:
    told = run(locker, "cases", f"案号,案由,收案日期\n（2026）苏0206民初203号,买卖,{day}\n")
    assert [(problem.line, problem.column) for problem in told.problems] == [(2, "收案日期")]


@pytest.mark.parametrize("head", ["案号,案由,颜色", "案由", "", "案号,案由,cause"])
def test_a_head_that_cannot_be_used_says_what_is_needed(locker: Locker, head: str) -> None:
    with pytest.raises(Refused, match="列"):
        run(locker, "cases", f"{head}\n1,2,3\n")


def test_semicolons_and_tabs_separate_too(locker: Locker) -> None:
    assert len(run(locker, "volumes", VOLUMES.replace(",", "\t")).changes) == 2


def test_who_may_not_import_does_not(locker: Locker) -> None:
    for login, kind in (("clerk", "cases"), ("archivist", "people")):
        with pytest.raises(Refused) as refused, locker.store.write() as session:
            apply(session, locker.who(login), kind, CASES, locker.now)
        assert refused.value.status == 403


def test_a_table_that_cannot_be_read_on_says_why(locker: Locker) -> None:
    never_closed = '登录名,姓名,角色\n"' + "x" * 200_000
    with pytest.raises(Refused, match="引号"), locker.store.write() as session:
        preview(session, SYSTEM, "people", never_closed, locker.now)
