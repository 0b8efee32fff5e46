"""Duties towards customers: erased IDs, objections, and the record of who did what."""
