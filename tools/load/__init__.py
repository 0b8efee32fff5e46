"""Load tests of the scoring API and the app."""
