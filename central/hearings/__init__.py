"""Hearings: when and where, what the courtroom recorded, what was said, and the proof of it."""
