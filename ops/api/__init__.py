"""HTTP scoring API."""
