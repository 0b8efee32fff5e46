"""Round model parameters so that the same input gives the same bytes.

The last digits of a sum of doubles depend on the order in which Spark's tasks finish. Published
parameters are rounded to 12 significant digits, and everything downstream uses the rounded ones.
"""

from typing import TypeVar

SIGNIFICANT_DIGITS = 12
# Eigenvectors amplify the noise: loadings on one and four threads agreed to 11 digits, so rounding
# to twelve gave two models for one input. Six leave a margin, and a nearby rotation is as good.
LOADING_DIGITS = 6
# Inertia and silhouette are sums over many cells: noise reaches the twelfth digit.
MEASURE_DIGITS = 10
# The same over all customers, a hundred times more than the cells.
SUM_DIGITS = 9

Number = TypeVar("Number", float, list[float], list[list[float]])


def rounded(value: Number, digits: int = SIGNIFICANT_DIGITS) -> Number:
    """Round a number, or a nested list of numbers, to `digits` significant digits."""
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return float(f"{value:.{digits}g}")
