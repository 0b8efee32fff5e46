"""Prediction intervals by simulation from the posterior of each history.

Four of five customers should be within. For a customer who is still active, the posteriors are
lambda ~ Gamma(r + x, alpha + T) and p ~ Beta(a, b + x), whatever t_x is; so one simulation serves
all customers with the same x and T, and the chance of being inactive is added exactly.
"""

from dataclasses import dataclass

import numpy as np

from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.bg_nbd import BgNbd
from bankseg_assets.value.gamma_gamma import GammaGamma
from bankseg_assets.value.patterns import Patterns

LOW, HIGH = 0.1, 0.9
DRAWS = 400
"""Of each x and T: a bound is a quantile with a standard error of 1.5 points, 10 % is 8 to 12 %."""
SEED = 20_050_502
_MOST_PURCHASES = 1e6  # more do not fit into a day's seconds; numpy's Poisson needs a limit
_BLOCK = 2_000  # of 400 draws each, in megabytes


@dataclass(frozen=True)
class Interval:
    """Bounds of the purchases, and of the amount per unit of v + the amount so far; shape (n,)."""

    low: Array
    high: Array
    amount_low: Array
    amount_high: Array


def intervals(model: BgNbd, money: GammaGamma | None, patterns: Patterns, days: float) -> Interval:
    """Return the 80 % intervals of what customers will do in the next days.

    At most one purchase a day. Without a model of amounts, those of the amounts are NaN. The sum of
    k amounts over v + n mean is Gamma(p k) / Gamma(q + p n) for n purchases so far.
    """
    random = np.random.default_rng(SEED)
    keys = np.column_stack([patterns.repeats, patterns.age])
    distinct, places = np.unique(keys, axis=0, return_inverse=True)
    places = places.ravel()
    active = model.p_alive(patterns)
    found = np.full((4, len(patterns)), np.nan)
    for start in range(0, len(distinct), _BLOCK):
        block = distinct[start : start + _BLOCK]
        here = np.flatnonzero((places >= start) & (places < start + len(block)))
        rows = places[here] - start
        purchases, amounts = _simulated(model, money, block, days, random)
        ordered = [np.sort(one, axis=1) for one in (purchases, amounts)]
        for number, (draws, level) in enumerate(
            (draws, level) for draws in ordered for level in (LOW, HIGH)
        ):
            found[number, here] = _quantile(draws, rows, active[here], level)
    if money is None:
        found[2:] = np.nan
    return Interval(*found)


def _simulated(
    model: BgNbd, money: GammaGamma | None, keys: Array, days: float, random: np.random.Generator
) -> tuple[Array, Array]:
    """Return purchases and amounts of active customers, (n, DRAWS) each; keys: x and T."""
    x, age = keys[:, :1], keys[:, 1:]
    shape = (len(keys), DRAWS)
    rates = random.standard_gamma(model.r + x, shape) / (model.alpha + age)
    chances = random.beta(model.a, model.b + x, shape)
    # The purchase after which the customer is inactive, by inversion: p may be nearly 0.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        last = np.ceil(np.log1p(-random.random(shape)) / np.log1p(-chances))
    made = random.poisson(np.minimum(rates * days, _MOST_PURCHASES))
    purchases = np.minimum(made, np.fmax(np.nan_to_num(last, nan=np.inf, posinf=np.inf), 1.0))
    purchases = np.minimum(purchases, max(days, 1.0))
    if money is None:
        return purchases, purchases
    sums = random.standard_gamma(money.p * purchases)
    return purchases, sums / random.standard_gamma(money.q + money.p * (x + 1), shape)


def _quantile(draws: Array, rows: np.ndarray, active: Array, level: float) -> Array:
    """Return the quantile of sorted draws (m, DRAWS) of active customers, by row; 0 otherwise."""
    among_active = (level - (1 - active)) / np.maximum(active, np.finfo(float).tiny)
    places = np.clip(np.ceil(among_active * DRAWS) - 1, 0, DRAWS - 1).astype(int)
    found: Array = np.where(among_active > 0, draws[rows, places], 0.0)
    return found
