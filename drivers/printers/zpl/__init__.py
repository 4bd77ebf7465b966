"""Label printers that speak ZPL (Zebra and kin), with RFID where they have it."""
