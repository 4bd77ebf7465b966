"""An office printer in software: IPP over real HTTP on the loopback."""

import hashlib
import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.hands import Hand
from drivers.kept_port import LOOPBACK
from drivers.printers.ipp import wire
from drivers.web_emulated import Answer, WebServer

PATH = "/ipp/print"
_SUPPORTED = {b"one-sided", b"two-sided-long-edge", b"two-sided-short-edge"}
_MOST_COPIES = 99
_NO_SUCH_OPERATION = 0x0501
_TROUBLES = {
    "paper_out": "media-empty-error",
    "jam": "media-jam-error",
    "open_cover": "cover-open-error",
    "low_paper": "media-low-warning",
    "no_toner": "toner-empty-error",
}


@dataclass
class _Job:
    number: int
    name: str
    copies: int
    sides: str
    sha256: str
    state: int = wire.PENDING


class Printer:
    """One printer. A job goes a step further each time it is asked for, unless something is wrong."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[int, _Job] = {}
        self._numbers = itertools.count(1)
        self._reasons: set[str] = set()
        self._paused = False
        self._ends_at_next = False
        self._loses_answer = False
        self._silent = False
        self._forgets = False
        self.formats = [wire.PDF, "image/urf"]
        self.versions = set(wire.VERSIONS)
        self.sent: list[int] = []
        """The operations it was asked for."""

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """The answer to one request."""
        with self._lock:
            framer = wire.question_framer()
            asked = framer.feed(body) if (method, path) == ("POST", PATH) else []
            if self._silent:
                return Answer(0, cut=True)
            if not asked:
                return Answer(404 if path != PATH else 400)
            question, document = asked[0], body[len(asked[0].to_bytes()) :]
            self.sent.append(question.code)
            code, parts = self._told(question, document)
            told = wire.Message(question.version, code, question.number, (*_begun(), *parts))
            if self._loses_answer and question.code == wire.PRINT_JOB:
                self._loses_answer = False
                return Answer(0, cut=True)
            return Answer(200, told.to_bytes(), wire.MEDIA_TYPE)

    def look(self) -> dict[str, Any]:
        """How it stands, and every letter that came out."""
        with self._lock:
            jobs = [vars(job) for job in self._jobs.values()]
            return {"reasons": sorted(self._told_reasons()), "jobs": jobs, "silent": self._silent}

    def hands(self) -> Mapping[str, Hand]:
        """What happens to it."""
        return {
            "paper_out": Hand("取走纸张", lambda: self._reasons.add("paper_out")),
            "low_paper": Hand("纸张将尽", lambda: self._reasons.add("low_paper")),
            "jam": Hand("卡纸", lambda: self._reasons.add("jam")),
            "open_cover": Hand("打开上盖", lambda: self._reasons.add("open_cover")),
            "no_toner": Hand("碳粉用完", lambda: self._reasons.add("no_toner")),
            "mend": Hand("全部恢复（加纸、清纸、合盖、换碳粉）", self._reasons.clear),
            "end_under_next": Hand("下一封打印到一半缺纸", self._end_under_next),
            "pause": Hand("暂停", lambda: self._pause(True)),
            "resume": Hand("恢复", lambda: self._pause(False)),
            "lose_answer": Hand("收下下一封但答复丢失", self._lose_answer),
            "forget": Hand("印完即忘（不再说明作业状态）", self._forget),
            "silence": Hand("是否装死（不应答）", self._silence, {"on": "bool"}),
        }

    def _end_under_next(self) -> None:
        self._ends_at_next = True

    def _pause(self, on: bool) -> None:
        self._paused = on

    def _lose_answer(self) -> None:
        self._loses_answer = True

    def _forget(self) -> None:
        self._forgets = True

    def _silence(self, on: bool) -> None:
        self._silent = on

    def _told(self, question: wire.Message, document: bytes) -> tuple[int, list[wire.Part]]:
        if question.version not in self.versions:
            return wire.OLDER_ONLY, []
        if question.code == wire.GET_PRINTER:
            return 0, self._printer()
        if question.code in (wire.VALIDATE_JOB, wire.PRINT_JOB):
            return self._job_told(question, document)
        job = self._jobs.get(question.number_of(wire.OPERATION_GROUP, "job-id") or 0)
        if question.code not in (wire.GET_JOB, wire.CANCEL_JOB):
            return _NO_SUCH_OPERATION, []
        if job is None or self._forgets:
            return wire.NOT_FOUND, []
        if question.code == wire.GET_JOB:
            self._goes_on(job)
        elif job.state < wire.CANCELED:
            job.state = wire.CANCELED
        return 0, [wire.Part(wire.JOB_GROUP), wire.integer("job-id", job.number), _enum("job-state", job.state)]

    def _job_told(self, question: wire.Message, document: bytes) -> tuple[int, list[wire.Part]]:
        sides = (question.values(wire.JOB_GROUP, "sides") or [b"one-sided"])[0]
        copies = question.number_of(wire.JOB_GROUP, "copies") or 1
        if question.words(wire.OPERATION_GROUP, "document-format")[0] not in self.formats:
            return wire.NOT_SUPPORTED[0], []
        if sides not in _SUPPORTED or copies > _MOST_COPIES:
            return wire.NOT_SUPPORTED[1], []
        if question.code == wire.VALIDATE_JOB:
            return 0, []
        name = question.words(wire.OPERATION_GROUP, "job-name")[0]
        job = _Job(next(self._numbers), name, copies, sides.decode(), hashlib.sha256(document).hexdigest())
        self._jobs[job.number] = job
        return 0, [wire.Part(wire.JOB_GROUP), wire.integer("job-id", job.number), _enum("job-state", job.state)]

    def _goes_on(self, job: _Job) -> None:
        if job.state >= wire.CANCELED:
            return
        if job.state == wire.JOB_PROCESSING and self._ends_at_next:
            self._ends_at_next = False
            self._reasons.add("paper_out")
        if self._is_stopped():
            job.state = wire.JOB_STOPPED
        else:
            job.state = wire.COMPLETED if job.state == wire.JOB_PROCESSING else wire.JOB_PROCESSING

    def _is_stopped(self) -> bool:
        return self._paused or any(_TROUBLES[name].endswith("-error") for name in self._reasons)

    def _told_reasons(self) -> list[str]:
        paused = ["paused"] if self._paused else []
        return [*paused, *(_TROUBLES[name] for name in self._reasons)]

    def _printer(self) -> list[wire.Part]:
        busy = any(job.state < wire.CANCELED for job in self._jobs.values())
        state = wire.STOPPED if self._is_stopped() else wire.PROCESSING if busy else wire.IDLE
        return [
            wire.Part(wire.PRINTER_GROUP),
            _enum("printer-state", state),
            *wire.text(wire.KEYWORD, "printer-state-reasons", *(self._told_reasons() or ["none"])),
            wire.Part(wire.BOOLEAN, b"printer-is-accepting-jobs", b"\x01"),
            *wire.text(wire.MIME, "document-format-supported", *self.formats),
        ]


class Stage:
    """That printer and its port."""

    def __init__(self, settings: Mapping[str, Any], folder: Path) -> None:
        self.printer = Printer()
        self._server = WebServer(self.printer)

    async def plug(self) -> str:
        """Appear; once it has a port it comes back there."""
        self._server.start()
        return f"ipp://{LOOPBACK}:{self._server.port}{PATH}"

    async def unplug(self) -> None:
        """Vanish."""
        self._server.stop()

    def look(self) -> dict[str, Any]:
        """How it stands."""
        return self.printer.look()

    def hands(self) -> Mapping[str, Hand]:
        """What happens to it."""
        return self.printer.hands()


def _begun() -> list[wire.Part]:
    return [
        wire.Part(wire.OPERATION_GROUP),
        *wire.text(wire.CHARSET, "attributes-charset", "utf-8"),
        *wire.text(wire.LANGUAGE, "attributes-natural-language", "en"),
    ]


def _enum(name: str, value: int) -> wire.Part:
    return wire.Part(wire.ENUM, name.encode(), value.to_bytes(4, "big"))
