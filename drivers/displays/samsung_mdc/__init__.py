"""Samsung panels that speak MDC."""
