"""Drivers: bytes and turn-taking, a folder a product. Found by walking; no registry."""
