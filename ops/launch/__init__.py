"""Start and supervise the platform."""
