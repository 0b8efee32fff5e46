"""Assets of the models."""
