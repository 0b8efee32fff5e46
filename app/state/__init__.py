"""What a session knows: the release in use, and what Dagster does."""
