"""Power of a comparison of two means, by the normal approximation (Cohen 1988, chapter 2)."""

import math
from statistics import NormalDist

_NORMAL = NormalDist()


def standard_error(sd: float, sizes: tuple[int, int]) -> float:
    """Return the standard error of the difference of two means of the same spread."""
    return sd * math.sqrt(sum(1 / size for size in sizes))


def power_of(effect: float, error: float, *, alpha: float) -> float:
    """Return the probability that a two-sided test finds an effect.

    >>> round(power_of(2.8, 1.0, alpha=0.05), 2), round(power_of(0.0, 1.0, alpha=0.05), 2)
    (0.8, 0.05)
    """
    if error <= 0:
        return 1.0 if effect else alpha
    limit = _upper(alpha / 2)
    found = abs(effect) / error
    return _NORMAL.cdf(found - limit) + _NORMAL.cdf(-limit - found)


def detectable(error: float, *, alpha: float, power: float) -> float:
    """Return the smallest effect that is found with a power.

    >>> round(detectable(1.0, alpha=0.05, power=0.8), 2)
    2.8
    """
    return error * (_upper(alpha / 2) + _upper(1 - power))


def needed(effect: float, sd: float, share: float, *, alpha: float, power: float) -> int | None:
    """Return the size of both arms together that finds an effect; `share`: of the second arm.

    None if no size does.

    >>> needed(0.1, 1.0, 0.5, alpha=0.05, power=0.8)
    3140
    """
    if effect <= 0 or not 0 < share < 1:
        return None
    errors = effect / detectable(1.0, alpha=alpha, power=power)
    return math.ceil((sd / errors) ** 2 * (1 / share + 1 / (1 - share)))


def _upper(probability: float) -> float:
    """Return the value that a standard normal variable exceeds with a probability."""
    return -_NORMAL.inv_cdf(probability)
