"""A notice or a label goes from a person's page to a device by a signed wish, and its words stand in a blob alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.cases.tables import Volume
from central.fleet.tables import Device, Gateway
from central.ledger.tables import LedgerLine
from central.store import Store
from central.wishes import api
from central.wishes.tables import WishRow
from devices.displays import Notice, NoticeShown
from devices.printers import Label, LabelPrinted
from tests.central.programs import bearer, programs

from .desk import Desk, desk
from .locker import BOX, Locker

DRIVERS = {
    "displays/web_screen": {"obeys": ["show_notice"]},
    "printers/zpl": {"obeys": ["print_label"]},
    "printers/escpos": {"obeys": ["print_receipt"]},
    "displays/old": {},
    "printers/ipp": {"obeys": ["print_letter"]},
}
PDF = b"%PDF-1.7 the judgment of Zhou"


@pytest.fixture
def locker(store: Store, court_key: Ed25519PrivateKey, tmp_path: Path) -> Locker:
    """With a screen, a label printer, a receipt printer, and a device of a gateway that does not say what it can."""
    made = Locker(store, court_key, tmp_path / "blobs")
    with store.write() as session:
        gateway = session.scalars(select(Gateway)).one()
        gateway.catalogue = made.blobs.put(json.dumps({"drivers": DRIVERS}).encode())
        products = zip(("screen", "zebra", "slip-a", "old", "office"), DRIVERS, strict=True)
        gateway.devices = [Device(name=name, product=product, presence="back") for name, product in products]
    return made


@pytest.fixture
def at(locker: Locker) -> Iterator[Desk]:
    with desk(locker) as made:
        made.sign_in("clerk")
        yield made


def asked(locker: Locker) -> list[WishRow]:
    with locker.store.read() as session:
        return list(session.scalars(select(WishRow)))


def test_a_notice_is_looked_at_sent_and_its_life_shown(locker: Locker, at: Desk) -> None:
    shown = at.open(f"/send/notice?to={BOX}/screen")
    assert f'value="{BOX}/screen" selected' in shown
    assert not any(f"{BOX}/{other}" in shown for other in ("zebra", "slip-a", "old"))
    told = {"to": f"{BOX}/screen", "title": "第三法庭", "text": "09:30 开庭\n\n <b>肃静</b> ", "minutes": "30"}
    at.send("/send/notice", **told)
    assert "<strong>第三法庭</strong>" in at.shown and "&lt;b&gt;肃静" in at.shown and asked(locker) == []
    at.send("/send/notice", do="send", **told)
    (wish,) = asked(locker)
    assert at.at() == f"/wishes/{wish.jti}" and "显示通知 · screen" in at.shown
    assert (wish.device, wish.type, wish.body["seconds"], wish.reason) == ("screen", "show_notice", 1800, "send:notice")
    notice = Notice.model_validate_json(locker.blobs.get(wish.body["document"]))
    assert notice == Notice(title="第三法庭", rows=("09:30 开庭", "<b>肃静</b>"))
    with locker.store.read() as session:
        lines = b"".join(session.scalars(select(LedgerLine.raw)))
    assert wish.body["document"].encode() in lines and not any(word.encode() in lines for word in ("第三法庭", "肃静"))
    locker.tell(NoticeShown(document=wish.body["document"]), wish.jti, "screen")
    assert "屏幕说已经显示" in at.open(f"/wishes/{wish.jti}")


def test_a_volume_brings_the_words_of_its_label(locker: Locker, at: Desk) -> None:
    with locker.store.read() as session:
        volume = session.scalars(select(Volume).where(Volume.barcode == "HS-0001")).one()
    assert f"/send/label?volume={volume.id}" in at.open(f"/dossiers/{volume.case_id}")
    shown = at.open(f"/send/label?volume={volume.id}")
    assert ">（2026）苏0206民初123号 正卷第1册</textarea>" in shown and 'value="HS-0001"' in shown
    at.send("/send/label", do="send", to=f"{BOX}/zebra", text="(2026)苏0206民初123号", barcode="HS-0001")
    (wish,) = asked(locker)
    label = Label.model_validate_json(locker.blobs.get(wish.body["document"]))
    assert label == Label(rows=("(2026)苏0206民初123号",), barcode="HS-0001")
    locker.tell(LabelPrinted(document=wish.body["document"]), wish.jti, "zebra")
    assert "标签已交给打印机" in at.open(f"/wishes/{wish.jti}")
    at.sign_in("it")
    at.open(f"/send/label?volume={volume.id}", 403)


@pytest.mark.parametrize(
    ("what", "told", "status", "says"),
    [
        ("notice", {"to": "screen", "title": " "}, 422, "请写通知的标题"),
        ("notice", {"to": "screen", "title": "长" * 61}, 422, "标题最多 60 个字"),
        ("notice", {"to": "screen", "title": "a", "text": "\n".join("abcdefghijklm")}, 422, "最多 12 行"),
        ("notice", {"to": "screen", "title": "a", "minutes": "1441"}, 422, "1 到 1440 分钟"),
        ("notice", {"to": "zebra", "title": "a"}, 404, "不能显示或打印这个"),
        ("label", {"to": "zebra"}, 422, "请写标签上的文字或条码"),
        ("label", {"to": "zebra", "barcode": "甲"}, 422, "条码只能用字母"),
        ("label", {"to": "slip-a", "text": "a"}, 404, "不能显示或打印这个"),
        ("label", {"to": "old", "text": "a"}, 404, "不能显示或打印这个"),
    ],
)
def test_what_cannot_be_sent_is_said_and_kept_in_the_form(
    locker: Locker, at: Desk, what: str, told: dict[str, str], status: int, says: str
) -> None:
    at.open(f"/send/{what}")
    shown = at.send(f"/send/{what}", status, do="send", **{**told, "to": f"{BOX}/{told['to']}"})
    assert says in shown and asked(locker) == []
    assert told.get("text", "") in shown


def test_nobody_who_may_not_sends_and_nothing_goes_to_a_lost_gateway(locker: Locker, at: Desk) -> None:
    at.open("/send/notice")
    with locker.store.write() as session:
        session.scalars(select(Gateway)).one().presence = "lost"
    assert "不在线" in at.send("/send/notice", 409, do="send", to=f"{BOX}/screen", title="a")
    at.sign_in("judge")
    assert "/send/" not in at.open(f"/fleet/{BOX}/screen")
    at.open("/send/notice", 403)
    at.send("/send/notice", 403, do="send", to=f"{BOX}/screen", title="a")
    assert asked(locker) == []


def test_a_letter_is_printed_from_a_page_and_what_is_no_pdf_is_refused_with_the_form_kept(
    locker: Locker, at: Desk
) -> None:
    form = at.open(f"/send/letter?to={BOX}/office")
    assert f'value="{BOX}/office" selected' in form and f"{BOX}/zebra" not in form
    told = {"to": f"{BOX}/office", "copies": "3", "sides": "long_edge"}
    shown = at.send("/send/letter", 422, files={"file": ("a.txt", b"hello")}, **told)
    assert "信函必须是 PDF 文件" in shown and 'value="long_edge" selected' in shown and 'value="3"' in shown
    assert asked(locker) == []
    at.send("/send/letter", files={"file": ("a.pdf", PDF)}, **told)
    (wish,) = asked(locker)
    assert at.at() == f"/wishes/{wish.jti}" and "打印文书 · office" in at.shown
    assert locker.blobs.get(wish.body["document"]) == PDF
    assert (wish.type, wish.body["copies"], wish.body["sides"]) == ("print_letter", 3, "long_edge")
    assert f"/send/letter?to={BOX}/office" in at.open(f"/fleet/{BOX}/office")


def test_a_devices_page_offers_what_it_says_it_can(at: Desk) -> None:
    assert f"/send/notice?to={BOX}/screen" in at.open(f"/fleet/{BOX}/screen")
    assert f"/send/label?to={BOX}/zebra" in at.open(f"/fleet/{BOX}/zebra")
    for other in ("slip-a", "old"):
        assert "/send/" not in at.open(f"/fleet/{BOX}/{other}")


def test_where_no_device_can_the_page_says_what_to_do_first(locker: Locker, at: Desk) -> None:
    with locker.store.write() as session:
        session.scalars(select(Gateway)).one().catalogue = None
    assert "还没有能打印标签的打印机" in at.open("/send/label")


def test_programs_send_them_too(locker: Locker) -> None:
    clerk = bearer(locker, "clerk")
    with programs(locker, api) as client:
        notice, label = f"/api/v1/devices/{BOX}/screen/notice", f"/api/v1/devices/{BOX}/zebra/label"
        told = client.post(notice, json={"title": "休庭", "minutes": 5}, headers=clerk)
        assert (told.status_code, told.json()["type"], told.json()["state"]) == (201, "show_notice", "asked")
        assert client.post(label, json={"barcode": "HS-0001"}, headers=bearer(locker, "it")).status_code == 201
        assert client.post(label, json={"barcode": "HS-0001"}, headers=bearer(locker, "judge")).status_code == 403
        assert client.post(notice, json={"title": ""}, headers=clerk).json()["error"]["code"] == "no_title"
        letter = f"/api/v1/devices/{BOX}/office/letter"
        files, how = {"file": ("urteil.pdf", PDF)}, {"copies": "2", "sides": "long_edge"}
        told = client.post(letter, files=files, data=how, headers=clerk).json()
        assert locker.blobs.get(told["body"]["document"]) == PDF and told["body"]["copies"] == 2
        for bad, code in (({"file": ("a.txt", b"hello")}, "no_pdf"), (files, "bad_copies")):
            refused = client.post(letter, files=bad, data={"copies": "51"}, headers=clerk)
            assert (refused.status_code, refused.json()["error"]["code"]) == (422, code)
        elsewhere = client.post(letter.replace("office", "zebra"), files=files, headers=clerk)
        assert elsewhere.json()["error"]["code"] == "not_for_it"
        assert client.post(letter, files=files, headers=bearer(locker, "judge")).status_code == 403
    assert [row.type for row in asked(locker)] == ["show_notice", "print_label", "print_letter"]
