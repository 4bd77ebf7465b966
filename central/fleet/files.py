"""Speech models and logos for gateways: taken in as files, signed, and given to gateways as a document."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.fleet.facts import FilesAdded
from central.fleet.tables import FileSet
from central.ledger.own import Pen, record
from central.store import tell
from central.web.refused import Refused
from devices.claims import FilesClaims
from devices.grants import sign


def add(  # noqa: PLR0913
    session: Session,
    blobs: Blobs,
    document: Literal["model", "logo"],
    name: str,
    source: Path,
    now: datetime,
    *,
    actor: str,
) -> FileSet:
    """Take in a model's folder or a logo's file under that name; again the same, it is the same set.

    Raises Refused (422): it is no folder or no PNG, nothing is there, or a name in it cannot be used; OSError.
    """
    if (document == "model") != source.is_dir() or (document == "logo" and not _is_png(source)):
        raise Refused("“{source}”不能收入：语音模型须是文件夹，标志须是 PNG 图片。", code="bad_files", status=422,
                      source=source.name)  # fmt: skip
    paths = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]
    names = [path.relative_to(source).as_posix() if path != source else f"{document}{path.suffix}" for path in paths]
    files = [_described(name, path.read_bytes()) for name, path in zip(names, paths, strict=True)]
    made = FileSet(document=document, name=name, files=files, added_at=now, by=actor)
    try:
        _claims(made, "court")
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused("“{source}”不能收入：{where}：{why}", code="bad_files", status=422, source=source.name,
                      where=".".join(map(str, first["loc"])), why=first["msg"]) from error  # fmt: skip
    same = select(FileSet).where(FileSet.document == document, FileSet.name == name)
    for known in session.scalars(same):
        if known.files == files:
            return known
    for path in paths:
        blobs.put(path.read_bytes())
    session.add(made)
    session.flush()
    record(session, FilesAdded(document=document, name=name, number=made.id), actor=actor)
    tell(session, "rollouts")
    return made


def sets(session: Session) -> Sequence[FileSet]:
    """Those that were taken in, newest first."""
    return session.scalars(select(FileSet).order_by(FileSet.id.desc())).all()


def one(session: Session, number: int) -> FileSet:
    """The set of that number. Raises Refused (404)."""
    found = session.get(FileSet, number)
    if found is None:
        raise Refused("没有第 {n} 号语音模型或标志，请先收入。", code="no_such_files", status=404, n=number)
    return found


def signed(blobs: Blobs, pen: Pen, files: FileSet) -> str:
    """The blob with central's word on that set, by the key in use now, so that every gateway knows it."""
    return blobs.put(sign("files", _claims(files, pen.court).write(), pen.key, pen.kid).encode())


def _claims(files: FileSet, court: str) -> FilesClaims:
    told = {"document": files.document, "name": files.name, "files": files.files}
    iat = int(files.added_at.timestamp())
    return FilesClaims.model_validate({**told, "iss": court, "aud": FilesClaims.AUDIENCE, "iat": iat})


def _is_png(file: Path) -> bool:
    """By its first bytes (PNG specification, 5.2); whether it can be printed, the box says."""
    with file.open("rb") as content:
        return content.read(8) == b"\x89PNG\r\n\x1a\n"


def _described(path: str, content: bytes) -> dict[str, object]:
    return {"path": path, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
