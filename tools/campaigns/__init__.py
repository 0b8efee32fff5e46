"""Simulate campaigns with a known effect, to test their results."""
