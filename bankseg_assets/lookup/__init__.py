"""Look up one customer in a release: the rows of published tables, and what they mean."""
