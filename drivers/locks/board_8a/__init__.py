"""The common Chinese lock board whose frames begin with 8A."""
