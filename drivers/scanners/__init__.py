"""Scanners of paper."""
