"""The law of the wire: what is said is what is heard."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import schema
from devices.errors import WishRejected
from devices.locks import DoorChanged, OpenCell
from devices.messages import Fact, UnreadableMessage, Wish, read_fact, read_wish, wire_name, write_body
from devices.printers import BytesHandedOver, PrintReceipt, ReceiptPrinted
from tests.devices.strategies import models

EVERY_KIND = schema.KINDS
OURS = "devices."
WISHES = sorted((w for w in Wish.registry.values() if w.__module__.startswith(OURS)), key=wire_name)
FACTS = sorted((f for f in Fact.registry.values() if f.__module__.startswith(OURS)), key=wire_name)


def through_the_wire(body: dict[str, Any]) -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(json.dumps(body, ensure_ascii=False).encode())
    return heard


@pytest.mark.parametrize("wish", WISHES, ids=wire_name)
@given(data=st.data())
def test_every_wish_survives_the_wire(wish: type[Wish], data: st.DataObject) -> None:
    said = data.draw(models(wish))
    assert read_wish(said.type, through_the_wire(write_body(said))) == said


@pytest.mark.parametrize("fact", FACTS, ids=wire_name)
@given(data=st.data())
def test_every_fact_survives_the_wire(fact: type[Fact], data: st.DataObject) -> None:
    said = data.draw(models(fact))
    assert read_fact(said.type, through_the_wire(write_body(said))) == said


@pytest.mark.parametrize("fact", FACTS, ids=wire_name)
@given(data=st.data())
def test_a_state_is_a_property_name_and_a_text(fact: type[Fact], data: st.DataObject) -> None:
    state = data.draw(models(fact)).state()
    assert state is None or (len(state) == 2 and all(isinstance(part, str) and part for part in state))


@pytest.mark.parametrize("message", [*WISHES, *FACTS], ids=wire_name)
def test_every_message_is_frozen(message: type[Wish | Fact]) -> None:
    assert message.model_config.get("frozen") is True


def test_a_fact_from_a_newer_gateway_is_read_and_its_new_words_passed_over() -> None:
    assert read_fact("door_changed", {"cell": 3, "door": "open", "humidity": 40}) == DoorChanged(cell=3, door="open")


def test_a_wish_only_half_understood_is_refused() -> None:
    with pytest.raises(UnreadableMessage, match="gently"):
        read_wish("open_cell", {"cell": 3, "gently": True})


def test_an_unknown_message_is_named() -> None:
    with pytest.raises(UnreadableMessage, match="'sing'"):
        read_wish("sing", {})
    with pytest.raises(UnreadableMessage, match="cell"):
        read_fact("door_changed", {"cell": 0, "door": "open"})


def test_only_the_door_of_that_cell_answers_a_wish_to_open_it() -> None:
    wish = OpenCell(cell=3)
    assert wish.answered_by(DoorChanged(cell=3, door="open"))
    assert not wish.answered_by(DoorChanged(cell=4, door="open"))
    assert not wish.answered_by(DoorChanged(cell=3, door="shut"))


def test_only_its_own_document_answers_a_wish_to_print() -> None:
    wish = PrintReceipt(document="a" * 64)
    assert wish.answered_by(ReceiptPrinted(document="a" * 64))
    assert wish.answered_by(BytesHandedOver(document="a" * 64))
    assert not wish.answered_by(ReceiptPrinted(document="b" * 64))


async def test_a_document_that_is_no_receipt_is_refused_without_a_word_of_what_it_says() -> None:
    async def fetch(_: str) -> bytes:
        return '{"rows": [{"text": "存卷人：王书记", "large": "王书记"}], "barcode": {"王书记": 1}}'.encode()

    with pytest.raises(WishRejected) as refused:
        await PrintReceipt(document="a" * 64).put_to(None, fetch)
    assert "王书记" not in str(refused.value) and "rows.0.large" in str(refused.value)
    assert refused.value.__cause__ is None
