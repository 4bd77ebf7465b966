"""LG panels on a serial line."""
