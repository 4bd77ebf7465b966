"""UHF modules M100, R200, YRM100 and JRD-4035."""
