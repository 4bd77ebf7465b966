"""A sealed hearing as one file for whoever asks over HTTP."""

from typing import cast

from fastapi import Request
from fastapi.responses import FileResponse

from central import pki
from central.fleet.signatory import signatory
from central.hearings import schedule
from central.hearings.export import Taker, export
from central.ledger.own import Pen
from central.store import Store
from central.web.here import blobs_of
from central.web.rest import archive


def taken_away(request: Request, store: Store, taker: Taker, hearing: int) -> FileResponse:
    """The file, for `courtside-central verify`; that it was copied is on record. Raises Refused."""
    state = request.app.state
    signer = signatory(store, cast(pki.Authority, state.authority), cast(Pen, state.pen))
    with store.read() as session:
        ref = schedule.find_hearing(session, taker.person, hearing).ref
    return archive(f"{ref}.zip", lambda file: export(store, blobs_of(request), signer, ref, file, taker))
