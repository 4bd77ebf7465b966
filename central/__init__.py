"""The court: one service over one database, one broker and one store of blobs."""
