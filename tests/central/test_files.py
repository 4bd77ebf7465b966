"""Speech models and logos at central: taken in, signed, rolled out; what a box says of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from central.alarms import open_alarms
from central.fleet import documents, files, rollout, service
from central.fleet.projector import FleetProjector
from central.fleet.tables import FileSet, Rollout
from central.ledger.accept import Ledger
from central.web.refused import Refused
from devices.box import GATEWAY, FilesKept, FilesRefused
from devices.claims import FilesClaims
from devices.grants import keys_of, read
from devices.messages import Fact

from .box import Box
from .desk import Desk, desk
from .locker import BOX, COURT, Locker


@pytest.fixture
def at(locker: Locker) -> Iterator[Desk]:
    with desk(locker) as made:
        made.sign_in("it")
        yield made


def model(folder: Path) -> Path:
    """Something with folders in it."""
    (folder / "model" / "am").mkdir(parents=True)
    (folder / "model" / "am" / "final.mdl").write_bytes(b"sounds")
    (folder / "model" / "README").write_bytes(b"")
    return folder / "model"


def taken_in(locker: Locker, source: Path, name: str = "court") -> FileSet:
    with locker.store.write() as session:
        return files.add(session, locker.blobs, "model", name, source, locker.now, actor="person:1")


def test_a_model_is_taken_in_once_and_signed_with_every_file_of_it(locker: Locker, tmp_path: Path) -> None:
    source = model(tmp_path)
    made = taken_in(locker, source)
    assert taken_in(locker, source).id == made.id
    sha256 = files.signed(locker.blobs, locker.pen, made)
    keys = keys_of([locker.pen.key.public_key()])
    told = read("files", locker.blobs.get(sha256).decode(), keys, COURT, FilesClaims.AUDIENCE)
    claims: FilesClaims = FilesClaims.of(told)
    assert (claims.document, claims.name) == ("model", "court")
    assert {file.path: locker.blobs.get(file.sha256) for file in claims.files} == {
        "am/final.mdl": b"sounds", "README": b"",
    }  # fmt: skip


@pytest.mark.parametrize(("document", "content"), [("logo", b"a,b\n1,2\n"), ("logo", b""), ("model", b"PK\x03\x04")])
def test_a_logo_that_is_no_picture_and_a_model_that_is_no_folder_are_refused(
    locker: Locker, tmp_path: Path, document: Literal["model", "logo"], content: bytes
) -> None:
    (tmp_path / "seal.png").write_bytes(content)
    with locker.store.write() as session, pytest.raises(Refused, match="须是"):
        files.add(session, locker.blobs, document, "seal", tmp_path / "seal.png", locker.now, actor="person:1")


@pytest.mark.parametrize("spoilt", ["empty", "name", "path"])
def test_what_no_box_could_take_is_refused_before_it_is_kept(locker: Locker, tmp_path: Path, spoilt: str) -> None:
    source, name = model(tmp_path), "court"
    if spoilt == "empty":
        (source := tmp_path / "empty").mkdir()
    elif spoilt == "name":
        name = "../court"
    else:
        (source / ".hidden").write_bytes(b"")
    with pytest.raises(Refused, match="不能收入"):
        taken_in(locker, source, name)
    with locker.store.read() as session:
        assert files.sets(session) == []


def test_it_is_rolled_out_and_stops_at_a_box_that_refuses_it_with_the_reason(
    locker: Locker, at: Desk, tmp_path: Path
) -> None:
    assert "files add" in at.open("/rollouts")
    made, box = taken_in(locker, model(tmp_path)), Box(BOX)
    at.open("/rollouts")
    at.send("/rollouts/files", 404, number=99, gateways=[BOX])
    at.send("/rollouts/files", number=made.id, gateways=[BOX])
    assert "推送中" in at.shown

    def tell(fact: Fact) -> None:
        first = 1 if len(box.raws) == 1 else len(box.raws) + 1
        box.write(fact, GATEWAY)
        with locker.store.write() as session:
            Ledger(COURT, [FleetProjector()]).accept(session, box.sender, *box.batch(first))

    def stepped() -> tuple[int, str, str]:
        with locker.store.write() as session:
            rollout.sweep_with(locker.blobs)(session, locker.now)
        with locker.store.read() as session:
            gateway = service.find(session, BOX)
            assert gateway is not None
            wanted, going = documents.current(session, gateway, "model"), session.query(Rollout).one()
            assert wanted is not None
            return wanted.version, going.state, going.why

    def alarms() -> list[str]:
        with locker.store.read() as session:
            return [alarm.kind for alarm in open_alarms(session)]

    version, state, _ = stepped()
    assert state == "running"
    tell(FilesRefused(document="model", version=version, name="court", why="am/final.mdl is damaged"))
    assert stepped()[1:] == ("paused", f"{BOX}: am/final.mdl is damaged")
    assert alarms() == ["files_refused"] and "网关没有收下" in at.open("/alarms")
    assert "am/final.mdl is damaged" in at.open(f"/fleet/{BOX}") and "已退回" in at.shown
    tell(FilesKept(document="model", version=version, name="court"))
    assert alarms() == []
