"""Who has which volume: lockers, moves, permits and the chain of custody."""
