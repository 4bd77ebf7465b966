"""Behaviour across devices that must work with the network down."""
