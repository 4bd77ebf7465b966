"""Minutes go along with an exported hearing, and a stranger proves each text and signature."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from central.cli.program import program
from central.hearings import certified, minutes, transcript
from central.hearings.minutes_pages import take
from central.hearings.tables import Hearing
from central.people.service import SYSTEM, add_person
from tests.kit.signing import Card

from .box import NOON
from .test_hearings_export import Files, Hall, files, findings
from .test_hearings_minutes import Told, drawing


class Signed:
    """A hearing whose minutes one signed on the pad and one by certificate, handed out."""

    def __init__(self, folder: Path, up_to_date: Path) -> None:
        self.hall = hall = Hall(folder, up_to_date)
        hall.hold("h-1")
        transcript.take_in(hall.store, hall.blobs, lambda: NOON)
        authority = Card(folder / "ca", "司法证书中心")
        self.card = Card(folder / "cards", "周某", authority)
        with hall.store.write() as session:
            clerk = add_person(session, SYSTEM, "clerk", "王书记", ["clerk"], "", NOON)
            hearing = session.scalars(select(Hearing)).unique().one()
            hearing.seats = {"plaintiff": "plaintiff"}
            hand = minutes.Hand(clerk.actor, hearing, hall.blobs, "惠山区人民法院", NOON, authority.pem)
            self.text = take(session, hand, "draw_up", Told()).text
            take(session, hand, "read_back", Told(how="aloud"))
            take(session, hand, "sign", Told(key="clerk", name="王书记", drawing=drawing()))
            signature = self.card.sign(certified.to_sign("h-1", 1, "plaintiff", self.text))
            take(session, hand, "sign", Told(key="plaintiff", name="周某", signature=signature))
        self.archive = hall.hand_out(folder / "h-1.zip", "h-1")


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, up_to_date: Path) -> Signed:
    signed = Signed(tmp_path_factory.mktemp("signed"), up_to_date)
    signed.hall.store.close()
    return signed


def test_text_drawing_and_certificate_are_proven_by_the_root(signed: Signed) -> None:
    root = signed.hall.authority.root_fingerprint
    done = CliRunner().invoke(program, ["verify", str(signed.archive), "--root", root])
    assert (done.exit_code, done.output.splitlines()[0]) == (0, "OK"), done.output
    told = "1 texts of minutes with 2 signatures (plaintiff by certificate of 周某, issued by 司法证书中心)"
    assert told in done.output
    assert {name for name in files(signed.archive) if name.startswith("minutes/")} == {
        "minutes/1.json",
        "minutes/1.clerk.png",
        "minutes/1.plaintiff.p7s",
        "minutes/1.plaintiff.authorities.pem",
    }


def _resigned(signed: Signed) -> bytes:
    return signed.card.sign(certified.to_sign("h-1", 2, "plaintiff", signed.text))


CHANGES: dict[str, tuple[Callable[[Files, Signed], object], str]] = {
    "a text": (lambda content, _: content.update({"minutes/1.json": b"{}"}), "minutes/1.json is altered"),
    "a drawing that is gone": (lambda content, _: content.pop("minutes/1.clerk.png"), "minutes/1.clerk.png is missing"),
    "a file put in": (lambda content, _: content.update({"minutes/2.json": b"{}"}), "minutes/2.json belongs to no"),
    "another signature": (
        lambda content, signed: content.update({"minutes/1.plaintiff.p7s": _resigned(signed)}),
        "minutes/1.plaintiff.p7s does not prove that plaintiff signed: signature of other text",
    ),
    "another authority": (
        lambda content, signed: content.update(
            {"minutes/1.plaintiff.authorities.pem": Card(signed.hall.folder / "x", "外地机构").pem}
        ),
        "minutes/1.plaintiff.p7s does not prove that plaintiff signed: issuer not trusted",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_done_to_them_is_named(signed: Signed, change: str, tmp_path: Path) -> None:
    alter, said = CHANGES[change]
    assert said in findings(signed.hall, signed.archive, lambda content: alter(content, signed), tmp_path)
