"""Files larger than one request may bring: tus 1.0 at `/api/v1/file-uploads/`, in pieces that can be resumed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException

from central.blobs import Blobs, in_pieces, small_enough
from central.dossiers import service
from central.dossiers.bounds import LARGEST_FILE
from central.people.auth import needs
from central.people.roles import Actor
from central.web.here import Now, StoreOf

Writer = Annotated[Actor, Depends(needs("dossier.write"))]
Completed = Callable[[str, Mapping[str, str]], Awaitable[None]]


def large_files(blobs: Blobs, folder: Path) -> APIRouter:
    """Pieces go to `folder`; the metadata names `case`, `filename`, `filetype`, and `secret` for the side volume."""

    def created(metadata: Mapping[str, str], _: Mapping[str, Any]) -> None:
        if not metadata.get("case", "").isdecimal():
            raise HTTPException(400, "Upload-Metadata must name the number of the case as case")

    def completing(store: StoreOf, by: Writer, now: Now) -> Completed:
        def bring(path: Path, metadata: Mapping[str, str]) -> None:
            try:
                brought = service.Brought(metadata["filename"], blobs.take_file(path), path.stat().st_size)
                with store.write() as session:
                    secret = metadata.get("secret") == "1"
                    service.bring(session, by, int(metadata["case"]), brought, now, secret=secret)
            finally:
                path.unlink(missing_ok=True)
                path.with_name(f"{path.name}.info").unlink(missing_ok=True)

        async def completed(path: str, metadata: Mapping[str, str]) -> None:
            await asyncio.to_thread(bring, Path(path), metadata)

        return completed

    allowed = [Depends(needs("dossier.write")), Depends(small_enough), Depends(_not_too_large)]
    return in_pieces(
        "file-uploads", folder, LARGEST_FILE, allowed, created, tags=["dossiers"], upload_complete_dep=completing,
    )  # fmt: skip


def _not_too_large(upload_length: Annotated[int, Header()] = 0) -> None:
    """Told before it is sent, for the protocol's own limit is felt only when so much has come."""
    if upload_length > LARGEST_FILE:
        raise HTTPException(413, f"a file may have {LARGEST_FILE} bytes; bring it in as several")
