"""Compare the means of two independent arms: Welch's test, and CUPED with a measure from before.

Welch, "The generalization of Student's problem when several different population variances are
involved", Biometrika 34 (1947). CUPED: Deng, Xu, Kohavi and Walker, "Improving the sensitivity of
online controlled experiments by utilizing pre-experiment data", WSDM 2013, with one coefficient for
both arms, pooled within them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import stdtr, stdtrit

from bankseg_assets.stats.arrays import Array

LEAST_FOR_SKEWNESS = 50
"""Customers of the smaller arm for each squared skewness, for a t-interval to be trusted.

By the Edgeworth expansion (Hall, The Bootstrap and Edgeworth Expansion, 1992), a tail of 2.5 % is
off by 0.085 times the skewness, divided by the root of the size: by 1.2 points with 50.
"""
LEAST_PRECISION = 4.0
"""Standard errors that the mean of the second arm is above 0, for a ratio to it."""


@dataclass(frozen=True)
class Difference:
    """The mean of the first arm less that of the second.

    `means`: of both arms, adjusted by CUPED. `errors`: squared standard errors of both means.
    `skewness`: of the values within the arms.
    """

    means: tuple[float, float]
    errors: tuple[float, float]
    sizes: tuple[int, int]
    skewness: float = 0.0

    @property
    def is_near_normal(self) -> bool:
        """Whether the smaller arm is large enough for how skewed the values are."""
        return min(self.sizes) >= LEAST_FOR_SKEWNESS * self.skewness**2

    @property
    def estimate(self) -> float:
        """The difference."""
        return self.means[0] - self.means[1]

    @property
    def standard_error(self) -> float:
        """The standard error of the difference."""
        return float(np.sqrt(sum(self.errors)))

    @cached_property
    def degrees_of_freedom(self) -> float:
        """By Welch and Satterthwaite."""
        parts = sum(
            error**2 / (size - 1) for error, size in zip(self.errors, self.sizes, strict=True)
        )
        return sum(self.errors) ** 2 / parts if parts > 0 else float(sum(self.sizes) - 2)

    @property
    def p_value(self) -> float:
        """Two-sided; 1 where both arms are constant and equal."""
        if self.standard_error == 0:
            return 1.0 if self.estimate == 0 else 0.0
        score = abs(self.estimate) / self.standard_error
        return float(2 * stdtr(self.degrees_of_freedom, -score))

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Return the interval with confidence 1 - alpha."""
        half = self.half_width(alpha)
        return self.estimate - half, self.estimate + half

    def half_width(self, alpha: float = 0.05) -> float:
        """Return half of the width of the interval."""
        return self.standard_error * -float(stdtrit(self.degrees_of_freedom, alpha / 2))

    def relative(self, alpha: float = 0.05) -> tuple[float, float, float] | None:
        """Return the difference as a share of the second mean, with its interval (delta method).

        None if that mean is not clearly above 0, where a ratio means nothing.
        """
        first, second = self.means
        if second <= LEAST_PRECISION * np.sqrt(self.errors[1]) or second <= 0:
            return None
        ratio = first / second
        error = np.sqrt(self.errors[0] + ratio**2 * self.errors[1]) / second
        half = -float(error * stdtrit(self.degrees_of_freedom, alpha / 2))
        return ratio - 1, ratio - 1 - half, ratio - 1 + half


def welch(first: Array, second: Array) -> Difference:
    """Return the difference of two arms of two customers or more."""
    return Difference(
        (float(first.mean()), float(second.mean())),
        (_squared_error(first), _squared_error(second)),
        (len(first), len(second)),
        _skewness(first, second),
    )


def cuped(first: Array, second: Array, before: tuple[Array, Array]) -> Difference:
    """Return the difference, adjusted by a measure of the same customers from before the start.

    Each value is reduced by theta * (its value before - the mean before of all), where theta is the
    slope within the arms. That leaves the expected difference unchanged, because the arms were
    drawn at random, and removes the variance that was already there.
    """
    theta = slope((first, second), before)
    middle = float(np.concatenate(before).mean())
    adjusted = [
        values - theta * (earlier - middle)
        for values, earlier in zip((first, second), before, strict=True)
    ]
    return welch(*adjusted)


def slope(values: tuple[Array, Array], before: tuple[Array, Array]) -> float:
    """Return the pooled slope of the values on those before, within the arms."""
    together = squares = 0.0
    for one, earlier in zip(values, before, strict=True):
        centred = earlier - earlier.mean()
        together += float(centred @ (one - one.mean()))
        squares += float(centred @ centred)
    return together / squares if squares > 0 else 0.0


def _skewness(first: Array, second: Array) -> float:
    """Return the skewness within both arms; the smaller arm alone may lack the rare large ones."""
    centred = np.concatenate([first - first.mean(), second - second.mean()])
    spread = float(np.mean(centred**2))
    return float(np.mean(centred**3)) / spread**1.5 if spread > 0 else 0.0


def _squared_error(values: Array) -> float:
    return float(values.var(ddof=1)) / len(values)
