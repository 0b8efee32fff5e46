"""Round model parameters so that the same input gives the same bytes.

A sum of doubles depends, in its last digits, on the order in which Spark's tasks finish. Published
parameters are rounded to 12 significant digits and everything downstream uses the published ones.
"""

from typing import TypeVar

SIGNIFICANT_DIGITS = 12
# Eigenvectors magnify the noise: one thread and four agreed to 11 digits of a loading, and twelve
# made two models of one input. Six leave room, and any nearby rotation serves as well.
LOADING_DIGITS = 6
# Inertia and silhouette, from sums over many cells: noise reaches the twelfth digit.
MEASURE_DIGITS = 10
# The same over all customers, who are more than the cells by two orders.
SUM_DIGITS = 9

Number = TypeVar("Number", float, list[float], list[list[float]])


def rounded(value: Number, digits: int = SIGNIFICANT_DIGITS) -> Number:
    """Return a number, or a nested list of numbers, rounded to `digits` significant digits."""
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return float(f"{value:.{digits}g}")
