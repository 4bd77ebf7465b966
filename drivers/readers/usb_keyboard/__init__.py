"""Barcode readers that act as a keyboard."""
