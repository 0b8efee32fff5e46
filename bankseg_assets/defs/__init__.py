"""Dagster: assets, checks, sensors, jobs and resources."""
