"""Cabinet readers of the "5A" family (GX protocol)."""
