"""Many light gateways at one central: `make fleet N=1000`."""
