"""Readers of resident identity cards (SAM-V)."""
