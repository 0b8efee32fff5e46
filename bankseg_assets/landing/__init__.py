"""Ingest files from the landing folder into immutable Parquet."""
