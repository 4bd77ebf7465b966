"""Sensors of the climate in a room."""
