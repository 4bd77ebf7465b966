"""The receipt of a deposit: what is printed at the locker. Names stand in this document only, never in a line."""

from datetime import datetime, tzinfo

from central.custody.tables import Cell
from central.cases.tables import Volume
from devices.printers import Receipt, ReceiptRow

SIZE_NAMES = {"S": "小", "M": "中", "L": "大"}
