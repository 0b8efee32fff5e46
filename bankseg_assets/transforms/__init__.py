"""Spark logic: DataFrames in, DataFrames and plain parameters out; never imports Dagster."""
