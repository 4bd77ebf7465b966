"""The pages and the API of electronic dossiers, as people and programs use them."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from central.dossiers import api, catalogue
from tests.central.desk import Desk, desk
from tests.central.programs import bearer, programs
from tests.central.shelf import COMPLAINT, DELIBERATION, JUDGMENT, Shelf
from tests.kit import paper


@pytest.fixture
def at(shelf: Shelf) -> Iterator[Desk]:
    with desk(shelf.locker) as opened:
        yield opened


def slip(text: str) -> bytes:
    return paper.jpeg(paper.drawn(text, 200, paper.SLIP_MM), 200)


def test_empty_pages_teach(at: Desk) -> None:
    at.sign_in("clerk")
    assert "还没有电子卷宗" in at.open("/edossiers")
    assert "把文件拖到这里" in at.open("/edossiers/1/intake")
    assert "还没有可以编目的文书" in at.open("/edossiers/1/catalogue")
    assert "这里还没有可以阅读的页面" in at.open("/edossiers/1")
    assert "CSD-SEP-19" in at.open("/edossiers/1/separators")


def test_while_pages_are_recognised_the_catalogue_and_the_reader_say_how_many(at: Desk, shelf: Shelf) -> None:
    at.sign_in("clerk")
    at.open("/edossiers/1/intake")
    _sent(at, "/edossiers/1/intake", [("files", ("诉状.jpg", slip(COMPLAINT)))])
    shelf.work(most=1)
    for path in ("/edossiers/1", "/edossiers/1/catalogue"):
        assert "还有 1 页在识别" in at.open(path) and "去收录" not in at.shown
    shelf.work()
    assert "在识别" not in at.open("/edossiers/1/catalogue")


def test_files_are_brought_in_read_confirmed_and_bound_through_the_pages(at: Desk, shelf: Shelf) -> None:
    at.sign_in("clerk")
    at.open("/edossiers/1/intake")
    files = [("files", ("诉状.jpg", slip(COMPLAINT))), ("files", ("评议.jpg", slip(DELIBERATION)))]
    assert "诉状.jpg" in _sent(at, "/edossiers/1/intake", files)
    again = _sent(at, "/edossiers/1/intake", files, 409)
    assert "“诉状.jpg”已在本案卷宗中，没有重复收入。" in again
    shelf.work()
    assert "共 2 份材料，2 页，已识别 2 页" in at.open("/edossiers/1/intake")
    shown = at.open("/edossiers/1/catalogue")
    assert "2 份编目待确认" in shown and "民事起诉状" in shown
    first, second = (entry.document.id for entry in _entries(shelf))
    assert "标题中有“民事起诉状”" in at.open(f"/edossiers/1/catalogue?document={first}")
    assert "撤销上一步：确认“民事起诉状”" in at.send("/edossiers/1/catalogue/confirm", document=first)
    assert "归入" in at.send("/edossiers/1/catalogue/place", document=second, item=16, secret=1)
    assert "编目已全部确认" in at.shown
    assert "1 份编目待确认" in at.send("/edossiers/1/catalogue/undo")
    at.send("/edossiers/1/bind")
    shelf.work()
    bound = at.client.get("/edossiers/1/volume.pdf")
    assert bound.content.startswith(b"%PDF-") and bound.headers["content-type"] == "application/pdf"
    assert at.client.get("/edossiers/1/volume.pdf?side=true").content.startswith(b"%PDF-")


def test_the_reader_has_every_page_its_image_and_what_is_found_on_it(at: Desk, shelf: Shelf) -> None:
    shelf.bring("诉状.jpg", slip(COMPLAINT))
    shelf.work()
    at.sign_in("judge")
    page = shelf.pages()[0]
    assert f"[[{page.id}, {page.width}, {page.height}" in at.open("/edossiers/1").replace("&#34;", '"')
    image = at.client.get(f"/edossiers/pages/{page.id}/image")
    assert image.content.startswith(b"\xff\xd8") and "immutable" in image.headers["cache-control"]
    (hit,) = at.client.get("/edossiers/1/found", params={"q": "诉讼请求"}).json()
    left, top, width, height = hit["boxes"][0]
    assert hit["page"] == page.id and 0 < left < 1 and 0 < top < 1 and 0 < width < 0.4 and 0 < height < 0.2
    assert "<mark>诉讼请求</mark>" in at.open("/edossiers?q=诉讼请求")
    assert "没有找到" in at.open("/edossiers?q=没有这句话")
    at.open("/edossiers/pages/999/image", 404)


def test_whoever_may_not_read_dossiers_sees_none(at: Desk, shelf: Shelf) -> None:
    shelf.bring("诉状.jpg", slip(COMPLAINT))
    shelf.work()
    at.sign_in("it")
    for path in (
        "/edossiers",
        "/edossiers/1",
        "/edossiers/1/catalogue",
        "/edossiers/1/intake",
        "/edossiers/pages/1/image",
    ):
        at.open(path, 403)
    assert "/edossiers" not in at.open("/lockers")


def test_a_program_brings_files_in_and_reads_the_catalogue(shelf: Shelf) -> None:
    with _program(shelf) as client:
        assert client.post("/api/v1/cases/1/volume").json()["error"]["code"] == "nothing_to_bind"
        told = client.post("/api/v1/cases/1/files", files={"file": ("判决.jpg", slip(JUDGMENT))}).json()
        assert (told["state"], told["kind"]) == ("WAITING", "file")
        shelf.work()
        assert client.get("/api/v1/cases/1/files").json()[0]["done"] == 1
        (document,) = client.get("/api/v1/cases/1/catalogue").json()
        (english,) = client.get("/api/v1/cases/1/catalogue", headers={"accept-language": "en"}).json()
        assert english["reasons"] and english["reasons"] != document["reasons"]
        assert (document["item"], document["state"]) == (19, "PROPOSED") and document["reasons"]
        place = {"item": 24, "secret": False}
        assert client.put(f"/api/v1/cases/1/documents/{document['id']}/place", json=place).status_code == 204
        assert client.get("/api/v1/cases/1/catalogue").json()[0]["state"] == "CONFIRMED"
        assert client.get("/api/v1/pages/search", params={"q": "判决如下"}).json()[0]["document"] == document["id"]
        assert client.get("/api/v1/cases/1/volume.pdf").json()["error"]["code"] == "not_bound"
        asked = client.post("/api/v1/cases/1/volume")
        assert (asked.status_code, asked.json()) == (202, {"main": False, "side": False, "current": False})
        shelf.work()
        assert client.get("/api/v1/cases/1/volume").json() == {"main": True, "side": False, "current": True}
        assert client.get("/api/v1/cases/1/volume.pdf").content.startswith(b"%PDF-")
        assert (
            client.post("/api/v1/cases/1/files", files={"file": ("空.pdf", b"")}).json()["error"]["code"]
            == "empty_file"
        )


def test_a_program_turns_what_lies_wrong_and_takes_back_only_what_it_means(shelf: Shelf) -> None:
    shelf.bring("诉状.jpg", slip(COMPLAINT))
    shelf.work()
    (entry,), page = _entries(shelf), shelf.pages()[0].id
    turn, undo = f"/api/v1/cases/1/documents/{entry.document.id}/turn", "/api/v1/cases/1/catalogue/undo"
    with _program(shelf) as client:
        assert client.post(undo, json={}).json()["error"]["code"] == "nothing_to_undo"
        assert client.post(turn, json={"to": "up"}).status_code == 422
        left = client.post(turn, json={"to": "left", "page": page}).json()
        assert left["what"] == "把“民事起诉状”的 1 页左转了 90 度"
        assert client.post(turn, json={"to": "right"}).json()["error"]["code"] == "being_read"
        shelf.work()
        assert [each.turned for each in shelf.pages()] == [270]
        right = client.post(turn, json={"to": "right"}).json()
        assert client.post(undo, json={"change": left["change"]}).json()["error"]["code"] == "not_the_last"
        assert client.post(undo, json={"change": right["change"]}).json() == right
        assert client.post(undo, json={}).json() == left
        shelf.work()
        assert [(each.turned, each.state) for each in shelf.pages()] == [(0, "READ")]
        client.headers.update(bearer(shelf.locker, "judge"))
        assert client.post(turn, json={"to": "left"}).status_code == 403
        assert client.post(undo, json={}).status_code == 403


def test_the_reader_offers_turning_to_those_who_may_and_says_how_a_page_stands(at: Desk, shelf: Shelf) -> None:
    shelf.bring("诉状.jpg", slip(COMPLAINT))
    shelf.work()
    at.sign_in("judge")
    assert "data-turn" not in at.open("/edossiers/1") and "Shift+Y" not in at.shown
    at.sign_in("clerk")
    assert "data-turn" in at.open("/edossiers/1") and "Shift+Y 左转" in at.shown
    (page,), (entry,) = shelf.pages(), _entries(shelf)
    seen = [page.id, page.width, page.height, entry.document.id, (page.image or "")[:8]]
    assert at.client.get(f"/edossiers/pages/{page.id}").json() == [*seen, False]
    with shelf.store.write() as session:
        catalogue.turn(shelf.hand(session), entry.document.id, page.id)
    assert at.client.get(f"/edossiers/pages/{page.id}").json() == [*seen, True]
    shelf.work()
    _, width, height, _, image, is_turning = at.client.get(f"/edossiers/pages/{page.id}").json()
    assert (width, height, is_turning) == (page.height, page.width, False) and image != seen[-1]


@contextmanager
def _program(shelf: Shelf) -> Iterator[TestClient]:
    """A program that acts for a clerk."""
    with programs(shelf.locker, api) as client:
        client.headers.update(bearer(shelf.locker, "clerk"))
        yield client


def _sent(at: Desk, path: str, files: list[tuple[str, tuple[str, bytes]]], status: int = 200) -> str:
    word = re.search(r'name="csrf" content="(\w+)"', at.shown)
    assert word
    answer = at.client.post(path, data={"csrf": word[1]}, files=files)
    assert answer.status_code == status, answer.text
    return answer.text


def _entries(shelf: Shelf) -> Sequence[catalogue.Entry]:
    with shelf.store.read() as session:
        return catalogue.entries(session, shelf.actor(), shelf.case)
