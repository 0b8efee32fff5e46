"""Statistics that several steps share."""
