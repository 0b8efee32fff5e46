"""Servers for `make cluster`: a Spark cluster and Spark Connect."""
