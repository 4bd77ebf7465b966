"""How much may be brought in at once; apart from what opens it, which is loaded by workers alone."""

LARGEST_FILE = 600 * 1024**2
"""Bytes of one file."""
