"""The catalogue in people's hands: confirming, moving, splitting, undoing, and what the next proposal learns of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from central.dossiers import catalogue, lessons, service
from central.dossiers.grams import PAGES
from central.dossiers.opened import Opener
from central.dossiers.proposing import begins, date_in, parties_in, propose
from central.dossiers.splitting import Seen, split
from central.dossiers.tables import Document, Intake, Page
from central.store import Store
from central.web.refused import Refused
from tests.central.locker import Locker
from tests.central.shelf import COMPLAINT, DELIBERATION, JUDGMENT, RECEIPT, Shelf


@pytest.fixture
def shelf(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Iterator[Shelf]:
    """A dossier of three documents, two pages each, as if they had been read; on each kind of database."""
    locker = Locker(store, court_key, tmp_path / "blobs")
    with Opener(locker.blobs.get) as opener:
        shelf = Shelf(locker, opener)
        with store.write() as session:
            _fill(session, shelf)
        yield shelf


def _fill(session: Session, shelf: Shelf) -> None:
    now = shelf.locker.now
    dossier = service.dossier_of(session, shelf.case, now)
    intake = Intake(
        case_id=1, name="卷", kind="pdf", sha256="0" * 64, size=1, state="DONE", by="person:1", brought_at=now
    )
    session.add(intake)
    session.flush()
    texts = (
        (3, "民事起诉状", COMPLAINT),
        (19, "民事判决书", JUDGMENT),
        (None, "惠山区收文回单", "惠山区收文回单\n今收到材料一份。"),
    )
    for index, (item, title, text) in enumerate(texts):
        document = Document(case_id=1, item=item, title=title, reasons=[], parties=["张建国"], proposed=item)
        session.add(document)
        session.flush()
        for place in range(2):
            page = Page(
                case_id=1, intake_id=intake.id, number=index * 2 + place + 1, document_id=document.id, place=place
            )
            page.state, page.text, page.codes, page.image = (
                "READ",
                text if not place else "续",
                [],
                f"{index}{place}" * 32,
            )
            session.add(page)
            session.flush()
            PAGES.index(session, page.id, page.text)
    service.touched(session, dossier, now)


def documents(shelf: Shelf) -> Sequence[catalogue.Entry]:
    with shelf.store.read() as session:
        return catalogue.entries(session, shelf.actor(), shelf.case)


def state(shelf: Shelf) -> list[tuple[int | None, str, str, list[int]]]:
    return [(e.document.item, e.document.title, e.document.state, [p.id for p in e.pages]) for e in documents(shelf)]


def test_every_change_can_be_undone_back_to_the_first(shelf: Shelf) -> None:
    first, ids = state(shelf), [entry.document.id for entry in documents(shelf)]
    steps = [
        lambda at: catalogue.confirm(at, ids[0]),
        lambda at: catalogue.place(at, ids[2], 21, secret=False),
        lambda at: catalogue.place(at, ids[0], 21, secret=False, before=ids[2]),
        lambda at: catalogue.rename(at, ids[1], "一审判决书", None),
        lambda at: catalogue.split(at, documents(shelf)[0].pages[1].id),
        lambda at: catalogue.merge(at, ids[2]),
        lambda at: catalogue.move_page(at, documents(shelf)[0].pages[0].id, ids[0], 0),
    ]
    seen = [first]
    for step in steps:
        with shelf.store.write() as session:
            step(shelf.hand(session))
        seen.append(state(shelf))
    assert len({str(each) for each in seen}) == len(seen)
    for before in reversed(seen[:-1]):
        with shelf.store.write() as session:
            assert catalogue.undo(shelf.hand(session)) is not None
        assert state(shelf) == before
    with shelf.store.write() as session:
        assert catalogue.undo(shelf.hand(session)) is None
        assert lessons.known(session) == {}


def test_no_page_is_ever_in_two_documents_or_in_none(shelf: Shelf) -> None:
    pages = sorted(page.id for entry in documents(shelf) for page in entry.pages)
    with shelf.store.write() as session:
        made = catalogue.split(shelf.hand(session), documents(shelf)[1].pages[1].id)
    with shelf.store.write() as session:
        catalogue.merge(shelf.hand(session), made.id)
    assert sorted(page.id for entry in documents(shelf) for page in entry.pages) == pages


def test_what_was_confirmed_teaches_the_next_proposal(shelf: Shelf) -> None:
    unknown = "惠山区收文回单\n今收到材料若干。"
    assert propose(unknown).item is None
    with shelf.store.write() as session:
        catalogue.place(shelf.hand(session), documents(shelf)[-1].document.id, 21, secret=False)
    with shelf.store.read() as session:
        told = propose(unknown, (), lessons.known(session))
    assert told.item == 21 and "1 次被确认" in str(told.reasons[0])


def test_what_cannot_be_done_is_refused_and_changes_nothing(shelf: Shelf) -> None:
    before, (first, _, last) = state(shelf), documents(shelf)
    refusals = {
        "还没有归类": lambda at: catalogue.confirm(at, last.document.id),
        "卷内没有第 29 项": lambda at: catalogue.place(at, first.document.id, 29, secret=False),
        "第一页": lambda at: catalogue.split(at, first.pages[0].id),
        "前面没有": lambda at: catalogue.merge(at, first.document.id),
        "题名不能为空": lambda at: catalogue.rename(at, first.document.id, " ", None),
        "没有这份文书": lambda at: catalogue.confirm(at, 999),
    }
    for said, what in refusals.items():
        with shelf.store.write() as session, pytest.raises(Refused, match=said):
            what(shelf.hand(session))
    with shelf.store.write() as session, pytest.raises(Refused, match="没有“收录与编目”的权限"):
        shelf.hand(session, by="judge")
    assert state(shelf) == before


@pytest.mark.parametrize("words", ["逾期", "逾期未付", "签订 买卖", "３８万", "二日"])
def test_search_finds_words_of_two_signs_and_over_line_ends_on_each_database(shelf: Shelf, words: str) -> None:
    with shelf.store.write() as session:
        page = session.get_one(Page, documents(shelf)[0].pages[0].id)
        text = "二〇二六年三月二\n日，被告逾期未付38万元，双方签订买卖合同。"
        PAGES.index(session, page.id, text, COMPLAINT)
        page.text = text
    with shelf.store.read() as session:
        assert [hit.page.id for hit in service.search(session, shelf.actor(), words)] == [page.id]
        assert [hit.page.id for hit in service.search_in(session, shelf.actor(), 1, words)] == [page.id]


@pytest.mark.parametrize("words", ["", "，。", "逾日", "%", '" OR "', "原告'; DROP TABLE pages"])
def test_search_for_what_is_not_there_or_no_word_finds_nothing(shelf: Shelf, words: str) -> None:
    with shelf.store.read() as session:
        assert service.search(session, shelf.actor(), words) == []


def test_pieces_of_a_search_follow_each_other(shelf: Shelf) -> None:
    with shelf.store.read() as session:
        whole = [hit.page.id for hit in service.search(session, shelf.actor(), "续")]
        assert whole == sorted(whole, reverse=True) and len(whole) == 3
        assert [hit.page.id for hit in service.search(session, shelf.actor(), "续", below=whole[0])] == whole[1:]


@pytest.mark.parametrize(
    ("text", "item"),
    [
        (COMPLAINT, 3), (JUDGMENT, 19), (RECEIPT, 21), (DELIBERATION, 16),
        ("江苏省无锡市惠山区人民法院\n传票\n被传唤人：李某\n应到时间：九时", 12),
        ("授权委托书\n委托人：张某\n代理权限：特别授权", 11),
        ("民事上诉状\n上诉人（原审被告）：李某\n上诉请求：撤销原判", 22),
        ("申请执行书\n申请执行人：张某\n被执行人：李某", 26),
        ("今日天气晴，出门散步。", None),
        ("本案原告在起诉状中陈述的事实，与本院查明的事实并不完全一致，理由如下", None),
    ],
)  # fmt: skip
def test_titles_and_words_tell_documents_apart(text: str, item: int | None) -> None:
    assert propose(text).item == item


def test_a_sentence_that_mentions_a_document_begins_none() -> None:
    assert begins(JUDGMENT) and not begins("原告于三月二日向本院递交起诉状，本院依法受理后，向被告送达\n续页")


@pytest.mark.parametrize(
    ("written", "read"),
    [("二〇二六年三月十二日", "2026-03-12"), ("二O〇二六年十月三日", "2026-10-03"), ("二二六年三月二日", "2026-03-02"),
     ("2026年3月2日", "2026-03-02"), ("二〇二六年十三月二日", "None"), ("没有日期", "None")],
)  # fmt: skip
def test_dates_are_read_as_courts_write_them_and_engines_misread_them(written: str, read: str) -> None:
    assert str(date_in(written)) == read


def test_parties_are_those_of_the_case_or_who_stands_where_parties_stand() -> None:
    assert parties_in(COMPLAINT, ["张建国", "不在此"]) == ["张建国"]
    assert parties_in("原告：张建国，男。\n被告（反诉原告）：李四\n") == ["张建国", "李四"]


def test_a_label_of_the_side_volume_makes_what_follows_it_secret() -> None:
    pages = [Seen(1, "page", "封面", ["HS-1"]), Seen(2, "page", JUDGMENT), Seen(3, "page", "副卷封面", ["HS-S"]),
             Seen(4, "page", DELIBERATION)]  # fmt: skip
    parts = split(pages, {"HS-1": False, "HS-S": True}, frozenset())
    assert [(part.pages, part.secret) for part in parts] == [([1], False), ([2], False), ([3], True), ([4], True)]
