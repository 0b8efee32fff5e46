"""What is released, and what a release must pass."""
