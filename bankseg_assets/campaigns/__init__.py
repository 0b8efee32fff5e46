"""Customers for a campaign: groups and segments to choose from, lists, and control groups."""
