"""Emulated devices behind real ports, in a process of their own, and the page with their buttons."""
