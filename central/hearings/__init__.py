"""Hearings at central: what a courtroom recorded, proven against its manifest."""
