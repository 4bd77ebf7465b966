"""Passwords hashed at the least cost there is: the tenth of a second each takes is a good part of many a test."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from argon2 import PasswordHasher

from central.people import service


@contextmanager
def quickly_hashed() -> Iterator[None]:
    """Meanwhile this process hashes so; a hash names its cost, so that processes of the court check it as quickly."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_hasher", lambda: cheap)
        yield
