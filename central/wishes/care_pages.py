"""Remote help from a gateway's and a device's page: each by a signed wish, each in the ledger."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Form, Request
from fastapi.responses import Response

from central.fleet.pages import gateway_of
from central.web.here import Now, go, needs, pages, store_of
from central.web.refused import Refused
from central.wishes import service
from devices.box import GATEWAY, RestartDevice, SendDiagnostics, SetLogLevel
from devices.messages import Wish

router = pages()

Keeper = Annotated[Any, Depends(needs("fleet.write"))]


@router.post("/care/{gateway}")
def care(
    request: Request,
    by: Keeper,
    now: Now,
    gateway: str,
    do: Annotated[Literal["test", "debug", "diagnostics"], Form()],
    device: Annotated[str, Form()] = "",
) -> Response:
    """Ask it, and go on to the wish's page, which says what became of it. Raises Refused while it is not there."""
    with store_of(request).write() as session:
        found = gateway_of(session, gateway)
        if not found.is_there:
            raise Refused("网关“{name}”不在线，请求送不到。", code="not_there", name=gateway)
        if do == "test" and device not in {each.name for each in found.devices_now}:
            raise Refused("网关 {gateway} 上没有名为“{device}”的设备。", code="no_such_device", status=404,
                          gateway=gateway, device=device)  # fmt: skip
        wishes: dict[str, Wish] = {"debug": SetLogLevel(level="debug"), "diagnostics": SendDiagnostics()}
        wish = RestartDevice(device=device) if do == "test" else wishes[do]
        row = service.ask(session, gateway, GATEWAY, wish, by.ref, f"care:{do}", now)
    return go(f"/wishes/{row.jti}")
