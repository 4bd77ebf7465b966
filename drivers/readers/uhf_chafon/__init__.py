"""UHF readers UHFReader18 and UHFReader288 (Chafon and clones)."""
