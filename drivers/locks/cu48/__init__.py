"""Newer Kerong-style lock boards with up to 48 locks."""
