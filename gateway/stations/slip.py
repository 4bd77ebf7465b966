"""The slip a locker prints when a permit opened a cell: cell, time, permit; no names."""

from datetime import datetime

from devices.claims import PermitClaims
from devices.printers import Receipt, ReceiptRow


def permit_slip(claims: PermitClaims, at: datetime) -> Receipt:
    """The slip, in the box's local time."""
    local = at.astimezone()
    return Receipt(
        rows=(
            ReceiptRow(text="开柜凭条", large=True, bold=True, centre=True),
            ReceiptRow(text=f"柜格：{claims.cell} 号（{claims.device}）"),
            ReceiptRow(text=f"时间：{local:%Y-%m-%d %H:%M:%S}"),
            ReceiptRow(text=f"凭证编号：{claims.jti}"),
            ReceiptRow(text="取放卷宗后请推紧柜门。", centre=True),
        )
    )
