"""State of a session: the release it shows, its data, and the Dagster client."""
