"""Winnsen-type lock boards, whose frames begin with 90 06."""
