"""Who works at the court: persons, their roles, how they sign in, and tokens for programs."""
