"""Barcode and QR engines GM65, GM812 and kin."""
