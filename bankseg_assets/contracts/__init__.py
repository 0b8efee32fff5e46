"""Schemas of the tables, and contracts for delivered files."""
