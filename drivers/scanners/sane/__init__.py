"""Document scanners behind SANE."""
