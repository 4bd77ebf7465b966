"""Readers of codes."""
