"""What the routes of the API share: what comes in, what goes out, and how a long list is had piece by piece."""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Self

from fastapi import Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict
from starlette.background import BackgroundTask

ZIP = "application/zip"


class In(BaseModel):
    """What comes in: nothing in it is ignored."""

    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    """What goes out."""

    @classmethod
    def of(cls, row: object, **told: Any) -> Self:
        """As the row has it under the same names, rows within it too; `told`: what it has not, or is told otherwise."""
        same = {name: getattr(row, name) for name in cls.model_fields if name not in told}
        return cls.model_validate(same | told, from_attributes=True)


Limit = Annotated[int, Query(ge=1, le=200)]
"""How many rows a piece of a list may have."""
After = Annotated[int | None, Query(description="`id` of the last row of the piece before.")]
"""Where the piece of a list begins."""


def archive(name: str, write: Callable[[Path], object]) -> FileResponse:
    """The ZIP of that name as `write` puts it together on this disk, where it is gone once it was sent."""
    with contextlib.ExitStack() as kept:
        file = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="courtside-"))) / name
        write(file)
        gone = BackgroundTask(kept.pop_all().close)
    return FileResponse(file, media_type=ZIP, filename=name, background=gone)
