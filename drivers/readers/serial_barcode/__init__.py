"""Barcode and QR readers that send what they read over a serial line."""
