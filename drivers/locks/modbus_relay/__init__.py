"""Modbus RTU relay board: relays that release latches, inputs that see doors."""
