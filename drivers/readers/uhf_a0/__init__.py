"""UHF readers whose frames begin with A0: YR9010, YR903, R2000 modules, Rodinbell, Invelion."""
