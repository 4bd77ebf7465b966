"""Supplies behind a NUT server."""
