"""Cameras that turn and zoom."""
