"""Cases at the counter: registered, put right, joined by others later; what was typed outlives a refusal."""

import re
from collections.abc import Iterator

import pytest

from central.cases import service as cases
from central.custody.board import PIECE
from tests.central.desk import Desk, desk
from tests.central.locker import Locker
from tests.central.test_custody import stored

CARD = re.compile(r'id="volume-(\d+)"')
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


@pytest.fixture
def many(locker: Locker) -> list[int]:
    """The volumes of a case that has more of them than are shown at once."""
    with locker.store.write() as session:
        case = cases.find_case(session, 1)
        for number in range(len(case.volumes) + 1, 2 * PIECE + 2):
            cases.register_volume(session, locker.who("clerk"), case, locker.now, barcode=f"MANY-{number:03}")
        return [volume.id for volume in case.volumes]


def test_of_many_volumes_a_piece_is_shown_and_each_is_found_by_number_barcode_or_its_own_address(
    at: Desk, many: list[int]
) -> None:
    assert _cards(at.open("/dossiers/1")) == many[:PIECE] and f"共 {len(many)} 条" in at.shown
    assert _cards(at.open(f"/dossiers/1?first={PIECE}")) == many[PIECE : 2 * PIECE]
    assert _cards(at.open("/dossiers/1?first=9999")) == many[2 * PIECE :]
    assert _cards(at.open(f"/dossiers/1?volume={many[-1]}")) == many[2 * PIECE :]
    assert _cards(at.open("/dossiers/1?q=33")) == [many[33]]
    assert _cards(at.open("/dossiers/1?q=many-02")) == many[19:29]
    assert _cards(at.open("/dossiers/1?q=nothing")) == [] and "没有册号或条码是“nothing”" in at.shown
    at.open(f"/dossiers/1?volume={many[-1]}")
    shown = at.send(f"/volumes/{many[-1]}/archive", 409)
    assert _cards(shown) == many[2 * PIECE :] and f'hx-get="/dossiers/1?volume={many[-1]}"' in shown


def test_a_change_of_one_volume_concerns_its_card_alone_and_a_change_of_the_case_all_of_it(
    at: Desk, locker: Locker
) -> None:
    told = set[str]()
    locker.store.on_tell(told.update)
    stored(locker)
    with locker.store.write() as session:
        cases.set_barcode(session, locker.who("clerk"), cases.find_volume(session, 1), "HS-OTHER")
    assert "volume:1" in told and "case:1" not in told
    shown = at.open("/volumes/1/card")
    assert _cards(shown) == [1] and "HS-OTHER" in shown and "<html" not in shown
    assert 'id="volume-1-card"' in shown and 'id="volume-1-card"' in at.open("/dossiers/1")
    assert "topic=volume:1&" in at.shown and 'hx-trigger="sse:volume:1"' in at.shown
    with locker.store.write() as session:
        case = cases.find_case(session, 1)
        cases.correct_case(session, locker.who("clerk"), case, cause="合同", received_on=case.received_on, names={})
    assert "case:1" in told


def _cards(shown: str) -> list[int]:
    return [int(number) for number in CARD.findall(shown)]
