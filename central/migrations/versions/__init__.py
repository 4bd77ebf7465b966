"""Each step of the database, in order."""
