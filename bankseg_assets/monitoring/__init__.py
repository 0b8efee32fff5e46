"""Alerts on events of the platform, and its health at a glance."""
