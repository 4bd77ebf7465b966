"""A hearing as it is recorded: what has happened, sound on disk, words beside it."""
