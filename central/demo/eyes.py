"""What the demo's robot sees and does: a person at the real API, and hands at the emulated devices."""

import re
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import httpx

from central.web.session import FORM_HEADER

T = TypeVar("T")

_LOOK_S = 0.1
_PATIENCE_S = 20.0


class StepFailed(Exception):
    """A step did not come out as it must; the text says what was seen instead."""


def until(what: str, look: Callable[[], T | None], seconds: float = _PATIENCE_S) -> T:
    """The first thing `look` gives that is something. Raises StepFailed."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise StepFailed(f"waited {seconds:.0f} s for {what}")
        time.sleep(_LOOK_S)


class Visitor:
    """One person, signed in as a browser does it."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=_PATIENCE_S)
        self._take(self._client.post("/api/v1/session", json={"login": login, "password": password}))
        word = re.search(r'<meta name="csrf" content="([^"]+)"', self._client.get("/me").text)
        if word is None:
            raise StepFailed(f"{login} signed in, but no page came")
        self._client.headers[FORM_HEADER] = word[1]

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def get(self, path: str) -> Any:
        """What stands at `/api/v1` + path. Raises StepFailed with what central said."""
        return self._take(self._client.get(f"/api/v1{path}"))

    def post(self, path: str, **told: Any) -> Any:
        """The answer to this. Raises StepFailed with what central said."""
        return self._take(self._client.post(f"/api/v1{path}", json=told))

    def look(self, path: str) -> str:
        """The page of the browser that stands there. Raises StepFailed."""
        return self.fetch(path).decode()

    def fetch(self, path: str) -> bytes:
        """The bytes the browser is given there. Raises StepFailed."""
        answer = self._client.get(path)
        if answer.is_error:
            raise StepFailed(f"{path}: {answer.status_code}")
        return answer.content

    def _take(self, answer: httpx.Response) -> Any:
        if answer.is_error:
            raise StepFailed(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None


class Hands:
    """A person standing before the devices."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def push(self, device: str, hand: str, **arguments: Any) -> None:
        """Push one button."""
        answer = httpx.post(f"{self.url}/api/devices/{device}/hands/{hand}", json=arguments)
        if answer.is_error:
            raise StepFailed(f"{device}: {hand}: {answer.text}")

    def look(self, device: str) -> dict[str, Any]:
        """What is seen of a device."""
        devices: list[dict[str, Any]] = httpx.get(f"{self.url}/api/devices").raise_for_status().json()
        seen: dict[str, Any] = next(each["look"] for each in devices if each["name"] == device)
        return seen

    def heard(self, device: str) -> list[str]:
        """The last bytes that went to a device over its port, hex, oldest first."""
        wire = httpx.get(f"{self.url}/api/devices/{device}/wire").raise_for_status().json()
        return [data for way, data in wire["last"] if way == "in"]
