"""Which products customers hold, and which to offer."""
