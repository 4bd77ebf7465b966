"""Cases are known by number, found by what a clerk has in hand, and go along their spine."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.cases import flow, service
from central.cases.numbers import read_number, type_of
from central.cases.tables import Case
from central.people.service import SYSTEM
from central.store import Store
from central.web.refused import Refused, Said

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NUMBER = "（2026）苏0206民初123号"


def register(store: Store, number: str = NUMBER, party: str = "周某") -> Case:
    with store.write() as session:
        case = service.register_case(session, SYSTEM, number, "民间借贷纠纷", [("原告", party)], NOW)
        service.register_volume(session, SYSTEM, case, NOW, barcode=f"HS-{case.id:04}")
        return case


@pytest.mark.parametrize("query", ["民初123", "(2026)苏0206", "周", "HS-0001", "借贷", ""])
def test_a_case_is_found_by_number_barcode_party_or_cause(store: Store, query: str) -> None:
    case = register(store)
    with store.read() as session:
        assert [found.id for found in service.search(session, query)] == [case.id]


@pytest.mark.parametrize("query", ["%", "_", "\\", "HS-", "民初124"])
def test_signs_of_the_database_are_not_wildcards(store: Store, query: str) -> None:
    register(store)
    with store.read() as session:
        assert service.search(session, query) == []


def test_long_lists_come_in_pieces(store: Store) -> None:
    ids = [register(store, f"（2026）苏0206民初{n}号").id for n in range(1, 6)]
    with store.read() as session:
        first = [case.id for case in service.search(session, "", 3)]
        rest = [case.id for case in service.search(session, "", 3, first[-1])]
    assert [*first, *rest] == ids[::-1]


@given(st.integers(1990, 2099), st.sampled_from("苏京沪粤"), st.integers(1, 9999), st.integers(1, 99_999_999))
def test_half_width_brackets_and_blanks_make_the_same_number(year: int, place: str, court: int, serial: int) -> None:
    number = f"（{year}）{place}{court:04}民初{serial}号"
    assert read_number(f" ({year}) {place}{court:04} 民初 {serial}号") == number == read_number(number)


@pytest.mark.parametrize(
    ("number", "type_"),
    [
        (NUMBER, "civil"),
        ("（2026）苏0206刑初7号", "criminal"),
        ("（2026）苏0206行审7号", "administrative"),
        ("（2026）苏0206执恢7号", "enforcement"),
        ("（2026）苏0206财保7号", "other"),
    ],
)
def test_the_number_says_what_kind_of_case_it_is(number: str, type_: str) -> None:
    assert type_of(read_number(number)) == type_


@pytest.mark.parametrize("number", ["", "123", "（26）苏0206民初1号", "（2026）苏0206民初号", "（2026）苏0206民初1"])
def test_what_is_no_number_is_refused_with_an_example(number: str) -> None:
    with pytest.raises(Refused, match="（2026）苏0206民初123号"):
        read_number(number)


def test_a_number_and_a_barcode_are_given_once(store: Store) -> None:
    case = register(store)
    with pytest.raises(Refused, match="已登记"):
        register(store)
    with pytest.raises(Refused, match="另一册"), store.write() as session:
        found = service.find_case(session, case.id)
        service.register_volume(session, SYSTEM, found, NOW, barcode="HS-0001")
    with store.read() as session:
        assert len(service.find_case(session, case.id).volumes) == 1


@pytest.mark.parametrize("barcode", ["", "ab", "有字", "a b c", "x" * 41, "a/b/c"])
def test_a_barcode_a_reader_could_garble_is_refused(store: Store, barcode: str) -> None:
    case = register(store)
    with pytest.raises(Refused, match="条码"), store.write() as session:
        service.register_volume(session, SYSTEM, service.find_case(session, case.id), NOW, barcode=barcode)


def test_side_volumes_are_numbered_by_themselves(store: Store) -> None:
    case = register(store)
    with store.write() as session:
        found = service.find_case(session, case.id)
        numbers = [
            service.register_volume(session, SYSTEM, found, NOW, secret=secret).number for secret in (True, False)
        ]
    assert numbers == [1, 2]


def test_a_case_walks_its_whole_spine_but_skips_nothing(store: Store) -> None:
    case = register(store)
    road = ["FILED", "ASSIGNED", "SERVED", "TRIAL", "DELIBERATION", "JUDGED", "PRONOUNCED", "CLOSED", "ARCHIVED"]
    with pytest.raises(Refused, match="收案"), store.write() as session:
        service.advance(session, SYSTEM, service.find_case(session, case.id), "CLOSED", NOW)
    with store.write() as session:
        found = service.find_case(session, case.id)
        for state in road:
            service.advance(session, SYSTEM, found, state, NOW)
    assert (found.state, found.closed_on) == ("ARCHIVED", NOW.date())


def test_a_case_is_not_closed_while_something_of_it_is_open(store: Store) -> None:
    case = register(store)
    with store.write() as session:
        found = service.find_case(session, case.id)
        found.state = "PRONOUNCED"
        with pytest.raises(Refused, match="第 1 册"):
            service.advance(session, SYSTEM, found, "CLOSED", NOW, [Said("第 1 册卷宗尚未归还。")])


def test_every_state_of_the_spine_can_be_reached_and_has_a_name_and_every_step_a_ground() -> None:
    reached = {"RECEIVED"} | {step.to for step in flow.STEPS}
    assert reached == set(flow.STATE_NAMES)
    assert all(step.basis for step in flow.STEPS)
