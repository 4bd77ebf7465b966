"""The receipt of a deposit: what is printed at the locker. Names stand in this document only, never in a line."""

from datetime import datetime, timedelta, tzinfo

from sqlalchemy.orm import Session

from central.blobs import Blobs
from central.cases.service import volume_name
from central.custody.holders import name_of
from central.custody.tables import Move
from central.wishes.service import ask
from devices.printers import PrintReceipt, Receipt, ReceiptRow

FRESH = timedelta(minutes=2)
"""A receipt is printed only while the person can still be standing there."""


def deposit_receipt(session: Session, move: Move, court: str, zone: tzinfo) -> Receipt:
    """The rows of the receipt for a committed deposit, in the court's own time."""
    at = (move.shut_at or move.begun_at).astimezone(zone)
    cell = move.cell.label if move.cell else ""
    rows = (
        ReceiptRow(text=court, centre=True),
        ReceiptRow(text="收卷凭证", large=True, bold=True, centre=True),
        ReceiptRow(text=f"案卷：{volume_name(move.volume)}"),
        ReceiptRow(text=f"条码：{move.volume.barcode}"),
        ReceiptRow(text=f"格口：{cell}"),
        ReceiptRow(text=f"时间：{at:%Y-%m-%d %H:%M:%S}"),
        ReceiptRow(text=f"存卷人：{name_of(session, move.person)}"),
        ReceiptRow(text=f"凭证号：{move.id}"),
    )
    return Receipt(rows=rows, barcode=move.volume.barcode)


class Receipts:
    """Writes receipts into the blobs and asks the locker's printer for them."""

    def __init__(self, blobs: Blobs, court: str, zone: tzinfo) -> None:
        self._blobs = blobs
        self._court = court
        self._zone = zone

    def give(self, session: Session, move: Move, now: datetime) -> None:
        """Keep the receipt of a deposit just committed; print it if that was a moment ago."""
        receipt = deposit_receipt(session, move, self._court, self._zone)
        move.receipt = self._blobs.put(receipt.model_dump_json(exclude_defaults=True).encode())
        if move.shut_at is not None and now - move.shut_at <= FRESH:
            print_receipt(session, move, move.person, now)


def print_receipt(session: Session, move: Move, actor: str, now: datetime) -> bool:
    """Ask the printer of the move's cabinet; False if it has none or there is no receipt."""
    cabinet = move.cabinet
    if cabinet is None or cabinet.printer is None or move.receipt is None:
        return False
    wish = PrintReceipt(document=move.receipt)
    move.receipt_wish = ask(session, cabinet.gateway, cabinet.printer, wish, actor, f"receipt:{move.id}", now).jti
    return True
