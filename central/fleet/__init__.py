"""The fleet: which gateways belong to the court, what hangs on them, and who of them is there."""
