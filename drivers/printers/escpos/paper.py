"""The roll behind an emulated printer: the commands it receives, as rows of text a person can read. No I/O."""

from collections.abc import Callable, Mapping

from drivers.printers.escpos.wire import Command

BARCODE_LABEL, QR_LABEL = "[CODE128] ", "[QR] "


class Paper:
    """Rows printed since the last cut, and the receipts cut off before."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.receipts: list[list[str]] = []
        self._row = ""
        self._chinese = False
        self._qr = b""
        self._print: Mapping[str, Callable[[bytes], None]] = {
            "text": self._text,
            "line_feed": lambda _: self._feed(),
            "feed": lambda _: self._end_row(),
            "feed_dots": lambda _: self._end_row(),
            "chinese_on": lambda _: self._switch(True),
            "chinese_off": lambda _: self._switch(False),
            "initialise": lambda _: self._switch(False),
            "barcode": self._barcode,
            "function": self._function,
            "raster": lambda raw: self._whole_row(f"[raster {len(raw) - 8} bytes]"),
            "cut": lambda _: self._cut(),
        }

    def take(self, command: Command) -> None:
        """Print one command; what only changes looks or sends status leaves no row."""
        show = self._print.get(command.name)
        if show is not None:
            show(command.raw)

    def _text(self, raw: bytes) -> None:
        self._row += raw.decode("gb18030" if self._chinese else "cp437", errors="replace")

    def _switch(self, chinese: bool) -> None:
        self._chinese = chinese

    def _feed(self) -> None:
        self.rows.append(self._row)
        self._row = ""

    def _end_row(self) -> None:
        if self._row:
            self._feed()

    def _whole_row(self, row: str) -> None:
        self._end_row()
        self.rows.append(row)

    def _barcode(self, raw: bytes) -> None:
        data = raw[4:] if raw[2] >= ord("A") else raw[3:-1]
        text = data.removeprefix(b"{B").replace(b"{{", b"{")
        self._whole_row(BARCODE_LABEL + text.decode("ascii", errors="replace"))

    def _function(self, raw: bytes) -> None:
        """`1D 28 6B`: 31 50 30 stores the content of a QR code, 31 51 30 prints it."""
        if raw[2:3] == b"k" and raw[5:8] == b"1P0":
            self._qr = raw[8:]
        elif raw[2:3] == b"k" and raw[5:8] == b"1Q0":
            self._whole_row(QR_LABEL + self._qr.decode("utf-8", errors="replace"))

    def _cut(self) -> None:
        self._end_row()
        self.receipts.append([row for row in self.rows if row])
        self.rows = []
