"""LED strips on an Onbon BX font card."""
