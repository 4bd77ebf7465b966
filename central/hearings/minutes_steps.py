"""Steps of the minutes by their names, as a page and a program ask for them."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cryptography import x509
from fastapi import Request
from sqlalchemy.orm import Session

from central.hearings import minutes, schedule
from central.hearings.minutes_tables import MinutesText
from central.people.roles import Actor
from central.web.here import blobs_of
from central.web.look import look_of
from central.web.refused import Refused

_LOG = logging.getLogger(__name__)


class Told(Protocol):
    """What is brought to a step; each takes what it needs."""

    how: str
    key: str
    name: str
    words: str
    drawing: str
    objection: int
    signature: bytes | None


def hand_of(request: Request, session: Session, by: Actor, now: datetime, hearing: int) -> minutes.Hand:
    """Whoever asks, at that hearing."""
    found = schedule.find_hearing(session, by, hearing)
    look = look_of(request)
    return minutes.Hand(by, found, blobs_of(request), look.title, now, _authorities(request))


def _authorities(request: Request) -> bytes:
    """The certificates this court trusts for signatures; read each time, so that a new list needs no restart."""
    path: Path | None = request.app.state.signature_authorities
    try:
        listed = path.read_bytes() if path else b""
        return listed if listed and x509.load_pem_x509_certificates(listed) else b""
    except (OSError, ValueError) as error:
        _LOG.error("signature_authorities %s cannot be used, nobody signs by certificate: %s", path, error)
        return b""


def take(session: Session, hand: minutes.Hand, event: str, told: Told) -> MinutesText:
    """Take that step. Raises Refused."""
    match event:
        case "draw_up":
            return minutes.draw_up(session, hand)
        case "read_back":
            return minutes.read_back(session, hand, told.how)
        case "object":
            return minutes.object_to(session, hand, told.key, told.words)
        case "grant" | "refuse":
            return minutes.decide(session, hand, told.objection, told.words, granted=event == "grant")
        case "sign" if told.signature is not None:
            return minutes.certify(session, hand, told.key, told.name, told.signature)
        case "sign":
            return minutes.sign(session, hand, told.key, told.name, told.drawing)
        case "decline":
            return minutes.decline(session, hand, told.key, told.name, told.words)
    raise Refused("没有这个步骤。", code="no_such_step", status=404)
