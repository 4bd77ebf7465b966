"""A bare box joins, gets its configuration, is changed, breaks, comes back, is killed meanwhile, and is replaced."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from central.cli.works import courtroom
from central.people.service import SYSTEM, add_person, issue_token
from devices.journal import read_line
from tests.kit.installation import Box, Installation
from tests.kit.process import Process, run, until

_BIN = Path(sys.executable).parent


class Desk:
    """The IT desk at central's REST API."""

    def __init__(self, court: Installation) -> None:
        with courtroom(court.home) as opened, opened.store.write() as session:
            person = add_person(session, SYSTEM, "it", "孙工", ["it"], "", opened.clock())
            _, token = issue_token(session, person.actor, person, "life test", "it", opened.clock())
        self._http = court.http
        self._headers = {"Authorization": f"Bearer {token}"}

    def publish(self, gateway: str, content: dict[str, Any]) -> int:
        """Have the gateway try it; gives the version."""
        text = yaml.safe_dump(content)
        url = f"/api/v1/gateways/{gateway}/configuration"
        return int(self._http.put(url, json={"text": text}, headers=self._headers).raise_for_status().json()["version"])

    def stands(self, gateway: str) -> tuple[int, str, str]:
        """Version, state and why of the newest configuration."""
        told = self._http.get(f"/api/v1/gateways/{gateway}/configuration", headers=self._headers).json()
        return told["version"], told["state"], told["why"]

    def wait(self, gateway: str, version: int, state: str) -> str:
        """Return, with the reason, once the gateway said so."""
        until(f"{version} is {state}", lambda: self.stands(gateway)[:2] == (version, state))
        return self.stands(gateway)[2]


def bare(court: Installation, name: str) -> tuple[Box, dict[str, Any]]:
    """A box that was given nothing but its invitation, and the configuration it is to get by that."""
    box = court.described(name)
    content: dict[str, Any] = yaml.safe_load(box.file.read_text())
    first = {key: value for key, value in content.items() if key not in ("gateway", "court", "data")}
    file = court.folder / "first.yaml"
    file.write_text(yaml.safe_dump(first))
    enrol(court, box, box.gateway, "--config", file)
    return box, first


def enrol(court: Installation, box: Box, process: str, *options: str | Path) -> None:
    """Invite the box, have it join, and have a process of that name ready to run what enrolment wrote."""
    url, token = court.central("gateway invite", box.name, *options).split()[-2:]
    run(_BIN / "courtside-gateway", "enrol", url, token, "--data", box.data)
    own = [_BIN / "courtside-gateway", "run", box.data / "gateway.yaml", "--simulate", "--emulators", box.ports]
    log = court.folder / f"{process.replace(' ', '-')}.log"
    court.processes[process] = Process(process, own, log, '"event": "ready"')


def replaced(court: Installation, old: Box) -> Box:
    """A new box before the same devices joins while the old one is connected; the old one is turned away at once."""
    until(f"{old.name} is there", lambda: court.is_there(old))
    new = replace(old, data=court.folder / "new-data")
    enrol(court, new, "new box", "--replace")
    until("the old box is turned away", lambda: not court.is_there(old))
    until("the old box says so", lambda: court.processes[old.gateway].said("no connection to the broker"))
    unheard = court.scan(old)
    until("it is read all the same", lambda: any(unheard.encode() in raw for _, raw in court.journal(old)))
    court.kill9(old.gateway)
    court.start("new box")
    court.drain(new)
    assert not any(unheard.encode() in raw for _, _, raw in court.ledger(old.name))
    return new


def test_a_box_joins_is_changed_breaks_comes_back_survives_kills_and_is_replaced(court: Installation) -> None:
    desk = Desk(court)
    box, first = bare(court, "locker-a")
    court.start(box.emulators, box.gateway)
    desk.wait(box.name, desk.stands(box.name)[0], "kept")
    court.drain(box)

    better = {**first, "devices": {**first["devices"], "wall-a": {**first["devices"]["wall-a"], "poll_s": 0.3}}}
    version = desk.publish(box.name, better)
    desk.wait(box.name, version, "kept")

    broken = {**better, "prove_s": 1.0, "devices": {**better["devices"], "wall-b": _wall("/dev/nowhere")}}
    version = desk.publish(box.name, broken)
    assert "wall-b" in desk.wait(box.name, version, "refused")
    assert ("config_refused", box.name) in court.alarms()
    court.drain(box)

    slow = {**broken, "prove_s": 600.0}
    version = desk.publish(box.name, slow)
    for _ in range(2):
        desk.wait(box.name, version, "tried")
        court.kill9(box.gateway)
        court.start(box.gateway)
    court.kill9(box.gateway)
    court.start(box.gateway)
    assert "again and again" in desk.wait(box.name, version, "refused")
    court.drain(box)

    version = desk.publish(box.name, better)
    desk.wait(box.name, version, "kept")
    new = replaced(court, box)
    kept = [read_line(raw) for _, raw in court.journal(new) if b"config_kept" in raw]
    assert [line.body["version"] for line in kept] == [version]
    books = {book: seq for book, seq, _ in court.ledger(box.name)}
    assert len(books) == 2
    own = [read_line(raw).type for _, _, raw in court.ledger("central")]
    assert own[-3:] == ["gateway_state_changed", "gateway_enrolled", "gateway_replaced"]
    court.kill9("new box")
    court.start(box.gateway)
    until("the old box is kept out", lambda: court.processes[box.gateway].said("no connection to the broker"))
    assert not court.is_there(box)
    assert not {"fork", "bad_seal", "identity_contested"} & {kind for kind, _ in court.alarms()}


def _wall(port: str) -> dict[str, Any]:
    return {"driver": "locks/kr_cu16", "port": port, "cells": 12}
