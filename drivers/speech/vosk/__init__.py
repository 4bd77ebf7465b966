"""Vosk: any model in its layout."""
