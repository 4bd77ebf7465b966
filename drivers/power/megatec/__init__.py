"""Supplies that speak Megatec's Q1."""
