"""Label printers that speak TSPL (TSC, Gprinter, Xprinter)."""
