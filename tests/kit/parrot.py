"""A worker for tests (`python -m tests.kit.parrot`): says what it was told to say, prints like a careless library."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from devices.errors import DeviceFault
from drivers.worker import serve


def answers(question: dict[str, Any]) -> Iterable[Mapping[str, Any]]:
    """One answer a word; `jam` is a fault, `die` the end, `hang` for ever, `bulk` the bytes that came along."""
    for word in question["say"]:
        os.write(1, b"a library chatters\n")
        if word == "jam":
            raise DeviceFault("paper is jammed")
        if word == "die":
            os._exit(9)
        while word == "hang":
            os.read(os.pipe()[0], 1)
        yield {"word": question["bulk"].hex() if word == "bulk" else word}


if __name__ == "__main__":
    serve(answers)
