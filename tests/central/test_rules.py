"""The court's rules: each with source and mark, changed by the administrator alone, and gone by at once."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from sqlalchemy import select

from central.cases import flow as case_flow
from central.cases import service as cases
from central.cases.tables import Case
from central.custody import flow as custody_flow
from central.dossiers import order
from central.hearings import course, keeping
from central.hearings.tables import Hearing
from central.ledger.tables import LedgerLine
from central.people.service import SYSTEM, add_person
from central.rules import api, service
from central.rules.rule import Rule, declare, declared
from central.rules.service import Wanted
from central.store import Store
from central.web.refused import Refused
from devices.journal import read_line
from tests.central.desk import desk
from tests.central.locker import Locker
from tests.central.programs import bearer, programs
from tests.central.test_custody import hand_out, stored

LOAN, SHORT = custody_flow.LOAN, keeping.RULES["short"]
WHY = "对照现行文本核对"


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    locker = Locker(store, court_key, tmp_path / "blobs")
    with store.write() as session:
        add_person(session, SYSTEM, "admin", "周管理", ["admin"], "", locker.now)
    return locker


def change(locker: Locker, rule: Rule, by: str = "admin", reason: str = WHY, **told: object) -> service.InForce:
    with locker.store.write() as session:
        wanted = Wanted(reason=reason, **told)  # type: ignore[arg-type]
        return service.change(session, locker.who(by), rule, wanted, locker.now)


def put_back(locker: Locker, rule: Rule) -> service.InForce:
    with locker.store.write() as session:
        return service.put_back(session, locker.who("admin"), rule, WHY, locker.now)


def stands(locker: Locker, rule: Rule) -> service.InForce:
    with locker.store.read() as session:
        return service.in_force(session, rule)


def test_what_is_from_memory_may_be_changed_and_what_is_confirmed_may_not() -> None:
    marks = {rule.key: rule.editable for rule in declared().values() if rule.mark != "D"}
    assert marks[case_flow.ARCHIVED_IN.key] and marks[SHORT.key] and marks["dossier.side.report"]
    assert not any(marks[rule.key] for rule in (order.ORDER, course.PAUSED, *course.PAUSES.values()))
    with pytest.raises(ValueError, match=r"custody\.loan"):
        declare(LOAN.key, "again", mark="D")


def test_a_volume_is_lent_for_as_long_as_the_court_has_set_until_that_is_put_back(locker: Locker) -> None:
    stored(locker)
    change(locker, LOAN, value=3)
    move = hand_out(locker)
    assert move.due == locker.now + timedelta(days=3)
    locker.cycle(move)
    assert not put_back(locker, LOAN).changed
    stored(locker, "HS-0002")
    assert hand_out(locker, "HS-0002").due == locker.now + timedelta(days=7)


def test_a_recording_may_go_when_the_term_the_court_has_set_is_over(locker: Locker) -> None:
    hearing = Hearing(closed_at=locker.now)
    kept = keeping.Keeping(rule="short")
    change(locker, SHORT, value=30)
    with locker.store.read() as session:
        assert keeping.due(session, hearing, kept) == date(locker.now.year + 30, locker.now.month, locker.now.day)
    put_back(locker, SHORT)
    with locker.store.read() as session:
        assert keeping.due(session, hearing, kept) == date(locker.now.year + 20, locker.now.month, locker.now.day)


def test_a_closed_case_is_to_be_archived_by_the_end_of_so_many_months(locker: Locker) -> None:
    change(locker, case_flow.ARCHIVED_IN, value=5)
    with locker.store.write() as session:
        case = session.get_one(Case, 1)
        assert cases.archive_by(session, case) is None
        case.state, case.closed_on = "CLOSED", date(2026, 9, 30)
        assert cases.archive_by(session, case) == date(2027, 2, 28)
        case.state = "ARCHIVED"
        assert cases.archive_by(session, case) is None


def test_an_item_the_court_keeps_in_the_main_volume_is_no_side_item_any_more(locker: Locker) -> None:
    report = order.BY_NUMBER[15].side
    assert report is not None
    change(locker, report, value=0)
    with locker.store.read() as session:
        assert order.sides(session) == {16, 18}


def test_each_change_is_a_line_with_who_from_what_to_what_and_why_by_its_hash(locker: Locker) -> None:
    change(locker, SHORT, value=10, source="最高人民法院某规定第九条", checked=True)
    put_back(locker, SHORT)
    raw = select(LedgerLine.raw).where(LedgerLine.type == "rule_changed").order_by(LedgerLine.id)
    with locker.store.read() as session:
        first, second = (read_line(line).body for line in session.scalars(raw))
        changes = service.history(session, SHORT)
    assert (first["rule"], first["was"], first["now"], first["checked"]) == (SHORT.key, 20, 10, True)
    assert (second["was"], second["now"], second["checked"]) == (10, 20, False)
    assert first["actor"] == locker.who("admin").ref and len(first["reason"]) == 64
    assert WHY not in str(first) and first["words"] != second["words"]
    assert [(row.value, row.reason) for row in changes] == [(None, WHY), (10, WHY)]


def test_what_the_court_has_checked_itself_is_confirmed_and_can_be_changed_again(locker: Locker) -> None:
    assert stands(locker, SHORT).mark == "M"
    assert change(locker, SHORT, checked=True).mark == "V"
    assert change(locker, SHORT, value=25).mark == "V"
    changed = change(locker, SHORT, source="")
    assert (changed.value, changed.source) == (25, None)
    assert change(locker, SHORT, value=20, source=SHORT.source, checked=False).changed is False


def test_a_sentence_the_court_wrote_is_said_as_it_was_written(locker: Locker) -> None:
    lock = declared()["dossier.lock"]
    assert str(change(locker, lock, text="  结案 {n} 时\n锁定 ").said) == "结案 {n} 时 锁定"


@pytest.mark.parametrize(
    ("key", "by", "told", "code"),
    [
        ("custody.loan", "judge", {"value": 3}, "not_allowed"),
        ("custody.loan", "admin", {"value": 0}, "out_of_bounds"),
        ("custody.loan", "admin", {"value": 366}, "out_of_bounds"),
        ("custody.loan", "admin", {"value": 3, "reason": " "}, "bad_words"),
        ("custody.loan", "admin", {"value": 3, "reason": "x" * 301}, "bad_words"),
        ("custody.loan", "admin", {"text": "七天"}, "no_text"),
        ("custody.loan", "admin", {"value": 7}, "no_change"),
        ("custody.locker", "admin", {"text": "随便"}, "not_editable"),
        ("dossier.order", "admin", {"source": "别的"}, "confirmed"),
        ("dossier.lock", "admin", {"text": " "}, "bad_words"),
        ("dossier.lock", "admin", {"value": 1}, "no_number"),
    ],
)
def test_what_may_not_be_is_refused_and_changes_nothing(
    locker: Locker, key: str, by: str, told: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        change(locker, declared()[key], by, **told)  # type: ignore[arg-type]
    assert refused.value.code == code and not stands(locker, declared()[key]).changed


def test_everybody_reads_the_page_and_only_the_administrator_is_offered_a_form(locker: Locker) -> None:
    with desk(locker) as at:
        at.sign_in("it")
        shown = at.open("/rules")
        assert "短期保管的，闭庭后保管 20 年。" in shown and "民事诉讼法第一百七十一条" in shown
        assert "没有另定期限的" not in at.open("/rules?unchecked=1")
        assert "<textarea" not in at.open(f"/rules/{SHORT.key}")
        assert "没有查看这一页的权限" in at.send(f"/rules/{SHORT.key}", 403, value="10", reason=WHY)
        at.send("/sign-out")
        at.sign_in("admin")
        at.open(f"/rules/{SHORT.key}")
        assert "不是整数" in at.send(f"/rules/{SHORT.key}", 422, value="十年", reason=WHY)
        assert 'value="十年"' in at.shown and WHY in at.shown
        shown = at.send(f"/rules/{SHORT.key}", value="10", source="<b>某规定</b>", checked="1", reason=WHY)
        assert "&lt;b&gt;某规定&lt;/b&gt;" in shown and "<b>某" not in shown
        assert "短期保管的，闭庭后保管 10 年。" in at.open("/rules") and "周管理" in at.shown
        assert "kept for 10 years" in at.open(f"/rules/{SHORT.key}?lang=en")
        at.send(f"/rules/{SHORT.key}/default", reason=WHY)
        assert "kept for 20 years" in at.shown
        assert "no_such_rule" in at.open("/rules/hearing.nothing", 404)


def test_a_case_shows_its_grounds_as_the_court_has_set_them(locker: Locker) -> None:
    change(locker, declared()["case.file"], value=9, checked=True)
    with desk(locker) as at:
        at.sign_in("clerk")
        shown = at.open("/dossiers/1")
    assert "收到起诉状后 9 日内决定是否立案。（民事诉讼法第一百二十六条）<" in shown


@pytest.fixture
def client(locker: Locker) -> Iterator[TestClient]:
    with programs(locker, api) as client:
        yield client


def test_programs_read_and_change_rules_with_their_bounds(client: TestClient, locker: Locker) -> None:
    clerk, admin = bearer(locker, "clerk"), bearer(locker, "admin")
    assert client.get("/api/v1/rules").status_code == 401
    (loan,) = [rule for rule in client.get("/api/v1/rules", headers=clerk).json() if rule["key"] == LOAN.key]
    assert (loan["value"], loan["unit"], loan["least"], loan["most"], loan["mark"]) == (7, "days", 1, 365, "D")
    one = f"/api/v1/rules/{LOAN.key}"
    assert client.patch(one, json={"value": 3, "reason": WHY}, headers=clerk).status_code == 403
    refused = client.patch(one, json={"value": 0, "reason": WHY}, headers=admin)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "out_of_bounds")
    assert "1 到 365" in refused.json()["error"]["message"]
    for bad in ({"value": "3", "reason": WHY}, {"value": 3}, {"value": 3, "reason": WHY, "mark": "V"}):
        assert client.patch(one, json=bad, headers=admin).status_code == 422
    changed = client.patch(one, json={"value": 3, "reason": WHY}, headers=admin).json()
    assert (changed["value"], changed["default"], changed["change"]["by"]) == (3, 7, locker.who("admin").ref)
    back = client.post(f"{one}/default", json={"reason": WHY}, headers=admin).json()
    assert (back["value"], back["changed"]) == (7, False)
    assert [row["value"] for row in client.get(f"{one}/changes", headers=clerk).json()] == [None, 3]
    described = client.get("/openapi.json").json()["paths"]
    assert {"/api/v1/rules", "/api/v1/rules/{key}", "/api/v1/rules/{key}/default"} <= described.keys()
