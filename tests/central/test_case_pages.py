"""Cases at the counter: registered, put right, joined by others later; what was typed outlives a refusal."""

from collections.abc import Iterator

import pytest

from central.cases import service as cases
from tests.central.desk import Desk, desk
from tests.central.locker import Locker

NEW = {"number": "(2026)苏0206民初8号", "cause": "离婚纠纷", "received": "2026-11-20", "volumes": "2"}


@pytest.fixture
def at(locker: Locker) -> Iterator[Desk]:
    with desk(locker) as opened:
        opened.sign_in("clerk")
        yield opened


def test_a_case_is_registered_with_its_agents_whatever_blank_stands_between(at: Desk) -> None:
    assert 'value="2026-11-23"' in at.open("/dossiers/new")
    shown = at.send("/dossiers/new", parties="原告 周某\n原告代理人\u3000张律师\n被告：吴某", **NEW)
    assert at.at() == "/dossiers/2" and "2026-11-20" in shown
    assert all(name in shown for name in ("周某", "张律师", "吴某", "正卷第 2 册"))


@pytest.mark.parametrize("wrong", [{"parties": "周某"}, {"received": ""}, {"parties": f"{'原' * 21} 周某"}])
def test_a_refused_case_keeps_what_was_typed(at: Desk, wrong: dict[str, str]) -> None:
    at.open("/dossiers/new")
    shown = at.send("/dossiers/new", 422, **NEW | wrong)
    assert 'value="离婚纠纷"' in shown and 'role="alert"' in shown and wrong.get("parties", "") in shown


def test_an_agent_who_comes_later_is_added_and_can_be_handed_a_volume(at: Desk, locker: Locker) -> None:
    at.open("/dossiers/1/correct")
    told = {"cause": "借款合同纠纷", "received": "2026-11-20", "parties": "原告代理人 张律师"}
    shown = at.send("/dossiers/1/correct", **told, **{"party-1": "周某某"})
    assert at.at() == "/dossiers/1"
    assert all(text in shown for text in ("周某某", "吴某", "张律师", "借款合同纠纷", "2026-11-20"))
    assert "张律师" in at.open("/hand-out/holders?barcode=HS-0001&holder=张")
    with locker.store.read() as session:
        assert [party.ref for party in cases.find_case(session, 1).parties] == ["party:1", "party:2", "party:3"]


def test_a_refused_correction_changes_nothing_and_keeps_what_was_typed(at: Desk) -> None:
    at.open("/dossiers/1/correct")
    told = {"cause": "借款合同纠纷", "received": "2026-11-20", "parties": "张律师"}
    shown = at.send("/dossiers/1/correct", 422, **told, **{"party-1": "周某某"})
    assert all(text in shown for text in ('value="借款合同纠纷"', 'value="周某某"', ">张律师<"))
    assert "周某某" not in at.open("/dossiers/1")


def test_a_refused_volume_keeps_what_was_typed(at: Desk) -> None:
    at.open("/dossiers/1")
    shown = at.send("/dossiers/1/volumes", 409, size="L", secret="1", barcode="HS-0002")
    assert "已用于另一册卷宗" in shown and 'value="HS-0002"' in shown
    assert 'value="L" selected' in shown and "正卷第 5 册" not in shown
