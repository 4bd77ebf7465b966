"""Office printers that take letters by IPP."""
