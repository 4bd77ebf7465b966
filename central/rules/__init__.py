"""The rules the court works by: data with their source beside them, and what this court has changed of them."""
