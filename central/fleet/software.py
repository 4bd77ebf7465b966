"""Releases of the gateways' software: packed into one file, taken in, signed, and given to gateways as a document.

A bundle is a ZIP without compression: `release.json` says release, Python and the packages with their hashes, and the
packages (wheels) lie beside it. Each becomes a blob of its own, so that a box fetches only what is new to it.
"""

import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.fleet.facts import ReleaseAdded
from central.fleet.tables import SoftwareRelease
from central.ledger.own import Pen, record
from central.store import tell
from central.web.refused import Refused
from devices.claims import ReleaseClaims, Wheel
from devices.grants import sign

MANIFEST = "release.json"
_OURS = re.compile(r"courtside-([^-]+)-.*\.whl")


def pack(folder: Path, bundle: Path, python: str = f"3.{sys.version_info.minor}") -> str:
    """Put the wheels of a folder into one file; gives the release. Raises Refused, OSError."""
    files = sorted(folder.glob("*.whl"))
    ours = [found[1] for file in files if (found := _OURS.fullmatch(file.name))]
    if len(ours) != 1:
        raise Refused("文件夹 {folder} 里应当正好有一个 courtside-*.whl，现有 {n} 个。", code="no_release", status=422,
                      folder=str(folder), n=len(ours))  # fmt: skip
    wheels = [_described(file.name, file.read_bytes()).model_dump() for file in files]
    draft = bundle.with_name(f"{bundle.name}.part")
    with zipfile.ZipFile(draft, "w") as packed:
        packed.writestr(MANIFEST, json.dumps({"release": ours[0], "python": python, "wheels": wheels}, indent=1))
        for file in files:
            packed.write(file, file.name)
    draft.replace(bundle)
    return ours[0]


def add(session: Session, blobs: Blobs, bundle: Path, now: datetime, *, actor: str) -> SoftwareRelease:
    """Take a bundle in; taken in again it is the same release. Raises Refused (422) naming what is wrong with it."""
    try:
        with zipfile.ZipFile(bundle) as packed:
            if any(file.compress_type != zipfile.ZIP_STORED for file in packed.infolist()):
                raise ValueError("it is compressed; make it with `release pack`")  # else it could unpack to any size
            told = json.loads(packed.read(MANIFEST))
            claims = ReleaseClaims.model_validate({**told, "iss": "bundle", "aud": ReleaseClaims.AUDIENCE, "iat": 0})
            for wheel in claims.wheels:
                content = packed.read(wheel.file)
                if _described(wheel.file, content) != wheel:
                    raise Refused("软件包损坏：{file} 与清单不符。", code="bad_bundle", status=422, file=wheel.file)
                blobs.put(content)
    except (zipfile.BadZipFile, KeyError, ValidationError, ValueError, TypeError, EOFError, RuntimeError) as error:
        raise Refused("软件包 {file} 读不出来：{why}", code="bad_bundle", status=422,
                      file=bundle.name, why=str(error).partition("\n")[0]) from error  # fmt: skip
    wheels = [wheel.model_dump() for wheel in claims.wheels]
    same = select(SoftwareRelease).where(SoftwareRelease.release == claims.release)
    for known in session.scalars(same):
        if known.wheels == wheels and known.python == claims.python:
            return known
    made = SoftwareRelease(release=claims.release, python=claims.python, wheels=wheels, added_at=now, by=actor)
    session.add(made)
    session.flush()
    record(session, ReleaseAdded(release=made.release, python=made.python, number=made.id), actor=actor)
    tell(session, "rollouts")
    return made


def releases(session: Session) -> Sequence[SoftwareRelease]:
    """Those that were taken in, newest first."""
    return session.scalars(select(SoftwareRelease).order_by(SoftwareRelease.id.desc())).all()


def newest(session: Session, release: str) -> SoftwareRelease:
    """The one taken in last under that version. Raises Refused (404)."""
    for each in releases(session):
        if each.release == release:
            return each
    raise Refused("没有软件版本 {release}，请先收入软件包。", code="no_release", status=404, release=release)


def signed(blobs: Blobs, pen: Pen, release: SoftwareRelease) -> str:
    """The blob with central's word on that release, by the key in use now, so that every gateway knows it."""
    claims = ReleaseClaims(
        iss=pen.court,
        aud=ReleaseClaims.AUDIENCE,
        release=release.release,
        python=release.python,
        wheels=tuple(Wheel.model_validate(wheel) for wheel in release.wheels),
        iat=int(release.added_at.timestamp()),
    )
    return blobs.put(sign("software", claims.write(), pen.key, pen.kid).encode())


def _described(file: str, content: bytes) -> Wheel:
    return Wheel(file=file, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
