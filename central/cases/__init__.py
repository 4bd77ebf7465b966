"""Cases, their parties and their volumes: what the court's work is about."""
