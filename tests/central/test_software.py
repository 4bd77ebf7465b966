"""Releases of the gateways' software at central: packed, taken in, signed, rolled out; a spoilt bundle is refused."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from central.alarms import open_alarms
from central.fleet import documents, rollout, service, software
from central.fleet.projector import FleetProjector
from central.fleet.tables import Gateway, Rollout
from central.ledger.accept import Ledger
from central.web.refused import Refused
from devices.box import GATEWAY, SoftwareKept, SoftwareRefused, SoftwareTried
from devices.claims import ReleaseClaims
from devices.grants import keys_of, read
from devices.messages import Fact
from tests.kit.wheels import described, wheel

from .box import Box
from .desk import Desk
from .locker import BOX, COURT, Locker


def bundle(folder: Path, release: str) -> Path:
    """A release of two packages in one file."""
    wheels = folder / f"wheels-{release}"
    wheels.mkdir()
    packed, content = wheel(release)
    (wheels / packed.file).write_bytes(content)
    (wheels / "needed-1.0-py3-none-any.whl").write_bytes(b"another package")
    software.pack(wheels, folder / f"{release}.zip", "3.11")
    return folder / f"{release}.zip"


def taken_in(locker: Locker, file: Path) -> int:
    with locker.store.write() as session:
        return software.add(session, locker.blobs, file, locker.now, actor="person:1").id


def tell(locker: Locker, box: Box, fact: Fact) -> None:
    """The box tells it, in a batch of its own after what it told before."""
    first = 1 if len(box.raws) == 1 else len(box.raws) + 1
    box.write(fact, GATEWAY)
    with locker.store.write() as session:
        Ledger(COURT, [FleetProjector()]).accept(session, box.sender, *box.batch(first))


def test_a_release_is_taken_in_once_and_signed_for_every_gateway_of_the_court(locker: Locker, tmp_path: Path) -> None:
    file = bundle(tmp_path, "0.2.0")
    assert taken_in(locker, file) == taken_in(locker, file)
    with locker.store.read() as session:
        sha256 = software.signed(locker.blobs, locker.pen, software.newest(session, "0.2.0"))
        assert sha256 == software.signed(locker.blobs, locker.pen, software.newest(session, "0.2.0"))
    keys = keys_of([locker.pen.key.public_key()])
    told = read("software", locker.blobs.get(sha256).decode(), keys, COURT, ReleaseClaims.AUDIENCE)
    claims = ReleaseClaims.of(told)
    assert (claims.release, claims.python, len(claims.wheels)) == ("0.2.0", "3.11", 2)
    assert [described(each.file, locker.blobs.get(each.sha256)) for each in claims.wheels] == list(claims.wheels)


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def altered(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content.replace(b"another package", b"anothor package"))


def unlisted(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("release.json", json.dumps({"release": "0.2.0", "python": "3.11", "wheels": []}))


def test_a_bundle_that_is_spoilt_is_refused_and_nothing_of_it_is_offered(locker: Locker, tmp_path: Path) -> None:
    for spoil in (cut_off, altered, unlisted):
        (tmp_path / spoil.__name__).mkdir()
        file = bundle(tmp_path / spoil.__name__, "0.2.0")
        spoil(file)
        with pytest.raises(Refused, match="软件包"):
            taken_in(locker, file)
    with locker.store.read() as session, pytest.raises(Refused, match=r"没有软件版本 0\.2\.0"):
        software.newest(session, "0.2.0")


def test_a_release_is_rolled_out_box_after_box_and_stops_at_the_first_that_gives_it_back(
    locker: Locker, at: Desk, tmp_path: Path
) -> None:
    taken_in(locker, bundle(tmp_path, "0.2.0"))
    boxes = {name: Box(name) for name in (BOX, "room-1", "room-2")}
    with locker.store.write() as session:
        for name in ("room-1", "room-2"):
            session.add(Gateway(name=name, permit_secret=b"x" * 32, enrolled_at=locker.now))
    at.sign_in("it")
    assert '<option value="0.2.0"' in at.open("/rollouts")
    at.send("/rollouts/software", 404, release="9.9", gateways=[BOX])
    at.send("/rollouts/software", release="0.2.0", gateways=[*reversed(boxes)])
    assert "推送中" in at.shown
    assert re.findall(r'href="/fleet/([\w-]+)"', at.shown)[0] == BOX  # it alone is there
    assert "还在第 1 号推送里" in at.send("/rollouts/software", 409, release="0.2.0", gateways=["room-1"])

    def step() -> dict[str, int]:
        with locker.store.write() as session:
            rollout.sweep_with(locker.blobs)(session, locker.now)
        with locker.store.read() as session:
            found = {name: service.find(session, name) for name in boxes}
            wanted = {n: documents.current(session, g, "software") for n, g in found.items() if g is not None}
            return {name: document.version for name, document in wanted.items() if document is not None}

    version = step()[BOX]
    tell(locker, boxes[BOX], SoftwareTried(version=version, release="0.2.0"))
    assert list(step()) == [BOX]
    tell(locker, boxes[BOX], SoftwareKept(version=version, release="0.2.0"))
    assert list(step()) == list(boxes)
    why = "not back within 60 s: wall-a"
    tell(locker, boxes["room-1"], SoftwareRefused(version=step()["room-1"], release="0.2.0", why=why))
    step()
    with locker.store.read() as session:
        made = session.query(Rollout).one()
        assert (made.state, made.why) == ("paused", f"room-1: {why}")
        assert ("software_refused", "room-1") in {(alarm.kind, alarm.subject) for alarm in open_alarms(session)}
    assert why in at.open(f"/rollouts/{made.id}")
    assert why in at.open("/alarms") or "网关退回了新软件" in at.shown


def test_a_bundle_that_could_unpack_to_any_size_is_refused(locker: Locker, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(software.MANIFEST, b" " * 50_000_000 + b"{}")
    with pytest.raises(Refused, match="compressed"):
        taken_in(locker, tmp_path / "bomb.zip")
