"""A list of customers in, the same list with segments out; no Spark, no Dagster."""
