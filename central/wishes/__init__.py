"""What central asked of gateways, and what became of it."""
