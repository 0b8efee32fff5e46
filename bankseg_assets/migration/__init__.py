"""How customers move between segments from release to release."""
