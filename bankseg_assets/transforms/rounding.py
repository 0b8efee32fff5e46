"""Round model parameters so that the same input gives the same bytes.

A sum of doubles depends, in its last digits, on the order in which Spark's tasks finish. Published
parameters are rounded to 12 significant digits and everything downstream uses the published ones.
"""

from typing import TypeVar

SIGNIFICANT_DIGITS = 12

Number = TypeVar("Number", float, list[float], list[list[float]])


def rounded(value: Number) -> Number:
    """Return a number, or a nested list of numbers, rounded to 12 significant digits."""
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
