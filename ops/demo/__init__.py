"""Generators of synthetic bank data."""
