"""Faults, each repeated over seeds: `make faults`, or `python -m tools.faults`.

Every scenario starts from a platform that serves a release, delivers a file, and breaks something
while it is taken in. It holds when a reader was served throughout, every run reached an end, and
the next run made the same tables and models as an undisturbed platform given the same files.
"""
