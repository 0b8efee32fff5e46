"""Aggregate transactions per customer: recency, frequency and monetary value."""
