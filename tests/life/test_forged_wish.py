"""Whoever takes over the broker, or holds another box's certificate, opens nothing: no byte of it reaches the lock."""

import base64
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.cli.works import courtroom
from central.wishes.service import ask, find, post
from devices.claims import WISH_LIFE_S, WishClaims
from devices.grants import sign, thumbprint
from devices.journal import Line, read_line
from devices.locks import OpenCell
from devices.topics import GatewayTopics
from drivers.locks.kr_cu16 import wire
from tests.kit.installation import COURT, Box, Installation, small_court
from tests.kit.mqtt import Badge, publish
from tests.kit.process import until

CELL = 5


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with small_court(tmp_path_factory.mktemp("court"), "locker-a") as court:
        court.add_box("locker-b")  # enrolled, and not running: somebody else uses its certificate
        until("time is trusted", lambda: any(line.body.get("trusted") for line in lines(court, "clock_changed")))
        yield court


def lines(court: Installation, type_: str) -> list[Line]:
    journal = [read_line(raw) for _, raw in court.journal(court.boxes["locker-a"])]
    return [line for line in journal if line.type == type_]


def operator(court: Installation) -> Badge:
    """The broker's own operator: may publish anything, and has no key that signs."""
    pki = court.home / "pki"
    return Badge("operator", pki / "root.pem", pki / "client.pem", pki / "client.key")


def neighbour(court: Installation) -> Badge:
    """Another box of the court, with its own valid certificate."""
    data = court.boxes["locker-b"].data
    return Badge("locker-b", data / "ca.pem", data / "certificate.pem", data / "key.pem")


def forged(kid: str = "") -> str:
    """A wish as central would make it, signed by a stranger who says he is central."""
    key, now = Ed25519PrivateKey.generate(), int(time.time())
    claims = WishClaims(
        iss=COURT,
        aud="locker-a",
        jti=secrets.token_urlsafe(9),
        iat=now,
        exp=now + WISH_LIFE_S,
        actor="person:1",
        reason="deposit:1",
        device="wall-a",
        type="open_cell",
        body={"cell": CELL},
    )
    return sign("wish", claims.write(), key, kid or thumbprint(key.public_key()))


def kid_of_central(court: Installation) -> str:
    with courtroom(court.home) as opened:
        return opened.pen.kid


def asked(court: Installation, gateway: str) -> tuple[str, str]:
    """A true wish of central: its id, and the token as whoever listens at the broker has it."""
    with courtroom(court.home) as opened, opened.store.write() as session:
        row = ask(session, gateway, "wall-a", OpenCell(cell=CELL), "person:1", "test:1", opened.clock())
        return row.jti, post(find(session, row.jti), opened.pen).payload


def put(court: Installation, badge: Badge, wish: str) -> str:
    return publish(court.broker_port, badge, GatewayTopics(COURT, "locker-a").wish, wish)


def unlocks(court: Installation, box: Box) -> int:
    """How many releases the board heard, having seen that it was asked nothing else but how its doors stand."""
    framer, commands = wire.question_framer(), []
    for way, told in court.wire(box, box.wall)["last"]:
        if way == "in":
            commands += [frame.command for frame in framer.feed(bytes.fromhex(told))]
    assert wire.STATUS in commands
    assert set(commands) <= {wire.STATUS, wire.UNLOCK}
    heard = commands.count(wire.UNLOCK)
    assert heard == sum(court.look(box, box.wall)["releases"].values())
    return heard


def refusals(court: Installation, jti: Any = None) -> list[str]:
    return [str(line.body["why"]) for line in lines(court, "wish_refused") if line.cause == jti]


def test_with_the_certificate_of_another_box_it_does_not_pass_the_broker(court: Installation) -> None:
    assert put(court, neighbour(court), forged(kid_of_central(court))) == "Not authorized"
    court.drain(court.boxes["locker-a"])
    assert lines(court, "forged_wishes") == []
    assert unlocks(court, court.boxes["locker-a"]) == 0


def test_from_the_brokers_operator_the_gateway_refuses_it(court: Installation) -> None:
    assert put(court, operator(court), forged(kid_of_central(court))) == "Success"
    told = until("the forgery is journalled", lambda: lines(court, "forged_wishes"))
    assert [line.body["count"] for line in told] == [1]
    court.drain(court.boxes["locker-a"])
    assert unlocks(court, court.boxes["locker-a"]) == 0
    until("the forgery is an alarm", lambda: ("forged_wishes", "locker-a") in court.alarms())


def test_a_true_wish_for_another_box_is_refused(court: Installation) -> None:
    jti, wish = asked(court, "locker-b")
    assert put(court, operator(court), wish) == "Success"
    until("it is refused", lambda: refusals(court, jti))
    assert refusals(court, jti) == ["not_for_us"]
    assert unlocks(court, court.boxes["locker-a"]) == 0


def test_a_true_wish_opens_and_played_again_it_does_not(court: Installation) -> None:
    box = court.boxes["locker-a"]
    jti, wish = asked(court, "locker-a")
    until("the door is open", lambda: court.look(box, box.wall)["doors"][str(CELL)] == "open")
    assert put(court, operator(court), wish) == "Success"
    until("it is refused", lambda: refusals(court, jti))
    assert refusals(court, jti) == ["repeated"]
    assert unlocks(court, box) == 1


def test_a_wish_that_was_altered_on_the_way_is_refused(court: Installation) -> None:
    box = court.boxes["locker-a"]
    _, wish = asked(court, "locker-b")
    head, _, signature = wish.split(".")
    claims = jwt.decode(wish, options={"verify_signature": False}) | {"aud": "locker-a", "body": {"cell": CELL + 1}}
    altered = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    before = unlocks(court, box)
    assert put(court, operator(court), f"{head}.{altered}.{signature}") == "Success"
    court.drain(box)
    assert unlocks(court, box) == before
