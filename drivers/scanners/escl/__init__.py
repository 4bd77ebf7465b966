"""Network scanners that speak eSCL (AirScan, Mopria)."""
