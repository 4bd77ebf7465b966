"""The ledger read by programs: a line with its seal, and days that prove themselves; who may."""

import hashlib
from pathlib import Path

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from central.clock import utc_now
from central.ledger.proof import seal_over
from central.ledger.tables import LedgerLine
from central.ledger.verify import verify
from central.people.service import SYSTEM, add_person, issue_token
from central.store import Store
from devices.claims import SealClaims
from devices.grants import keys_of, read

from .conftest import COURT
from .test_app import installed, serving


def bearer(store: Store, role: str) -> dict[str, str]:
    with store.write() as session:
        person = add_person(session, SYSTEM, role, role, [role], "", utc_now())
        return {"authorization": f"Bearer {issue_token(session, SYSTEM, person, 'test', role, utc_now())[1]}"}


def a_line(app: FastAPI) -> int:
    """A line of central's own book that a seal is over."""
    with app.state.store.read() as session:
        rows = session.scalars(select(LedgerLine).order_by(LedgerLine.id))
        return next(int(row.id) for row in rows if seal_over(session, row) is not None)


async def test_a_line_comes_with_the_bytes_that_were_hashed_and_the_seal_over_them(tmp_path: Path) -> None:
    _, settings = installed(tmp_path)
    async with serving(settings) as (app, client):
        it = bearer(app.state.store, "it")
        told = (await client.get(f"/api/v1/lines/{a_line(app)}", headers=it)).json()
        assert hashlib.sha256(told["raw"].encode()).hexdigest() == told["hash"]
        keys = keys_of([app.state.authority.signing_key.public_key()])
        claims = SealClaims.model_validate(read("seal", told["seal"]["token"], keys, "central", COURT))
        assert claims.book == told["book"] and claims.first <= told["seq"] <= claims.seq
        none = await client.get("/api/v1/lines/7", headers=it)
        assert (none.status_code, none.json()["error"]["code"]) == (404, "no_such_line")


async def test_days_are_had_as_a_file_that_proves_itself(tmp_path: Path) -> None:
    _, settings = installed(tmp_path)
    async with serving(settings) as (app, client):
        it, clerk = bearer(app.state.store, "it"), bearer(app.state.store, "clerk")
        today = utc_now().astimezone(settings.zone).date()
        asked = {"from": f"{today}", "to": f"{today}"}
        answer = await client.get("/api/v1/ledger.zip", params=asked, headers=it)
        assert answer.headers["content-type"] == "application/zip"
        file = tmp_path / "days.zip"
        file.write_bytes(answer.content)
        report = verify(file, app.state.authority.root_fingerprint)
        assert (report.verdict, report.books) == ("OK", 1) and report.lines > 2
        assert (await client.get("/api/v1/ledger.zip", params=asked, headers=clerk)).status_code == 403
        await too_long(client, it)


async def too_long(client: httpx.AsyncClient, it: dict[str, str]) -> None:
    for begin, end in (("2026-01-01", "2026-02-01"), ("2026-01-02", "2026-01-01")):
        answer = await client.get("/api/v1/ledger.zip", params={"from": begin, "to": end}, headers=it)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_days")
