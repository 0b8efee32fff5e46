"""All scenarios, in the order of the table."""

from types import ModuleType

from tools.faults import (
    commits,
    damage,
    deliveries,
    disk,
    erasures,
    gates,
    inputs,
    kills,
    republishing,
    writers,
)

LOADED: tuple[ModuleType, ...] = (
    kills,
    commits,
    disk,
    writers,
    deliveries,
    damage,
    gates,
    republishing,
    erasures,
    inputs,
)
"""Importing a module registers its scenarios."""
