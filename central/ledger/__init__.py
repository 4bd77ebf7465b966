"""The ledger: the one place where facts enter, chained, sealed, stored raw and only then believed."""
