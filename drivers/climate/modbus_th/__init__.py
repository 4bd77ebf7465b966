"""Modbus RTU sensor of temperature and humidity."""
