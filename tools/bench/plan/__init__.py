"""Measure the plan of a campaign for every customer of a large release."""
