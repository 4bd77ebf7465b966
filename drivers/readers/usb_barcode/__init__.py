"""Barcode and QR readers on USB that report as HID POS."""
