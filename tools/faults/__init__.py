"""Fault injection, each scenario repeated over seeds: `python -m tools.faults` (`make faults`).

Every scenario starts from a platform that serves a release, delivers a file, and injects a fault
during its ingestion. It holds if a reader was served throughout, every run ended, and the next run
made the same tables and models as an undisturbed platform with the same files.
"""
