"""Lock boards."""
