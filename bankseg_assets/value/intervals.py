"""Prediction intervals by simulation from the posterior of each history.

Four of five customers should be within. For a customer who is still active, the posteriors are
lambda ~ Gamma(r + x, alpha + T) and p ~ Beta(a, b + x), whatever t_x is; so one simulation serves
all customers with the same x and T, and the chance of being inactive is added exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bankseg_assets.stats.arrays import Array
from bankseg_assets.value.bg_nbd import BgNbd
from bankseg_assets.value.gamma_gamma import GammaGamma
from bankseg_assets.value.patterns import Patterns, packed, unpacked

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


def intervals(
    model: BgNbd, money: GammaGamma | None, patterns: Patterns, horizons: Sequence[int]
) -> dict[int, Interval]:
    """Return the 80 % intervals of what customers will do in the next days, for each horizon.

    At most one purchase a day. Without a model of amounts, those of the amounts are NaN. The sum of
    k amounts over v + n mean is Gamma(p k) / Gamma(q + p n) for n purchases so far. The rates are
    drawn once for all horizons, so that a longer one has no lower bounds but by chance.
    """
    random = np.random.default_rng(SEED)
    keys = packed(patterns.repeats, np.zeros(len(patterns)), patterns.age)
    unique, places = np.unique(keys, return_inverse=True)
    x, _, age = unpacked(unique)
    active = model.p_alive(patterns)
    order = np.argsort(places, kind="stable")
    ends = np.searchsorted(places[order], np.arange(0, len(unique) + _BLOCK, _BLOCK))
    found = {days: np.full((4, len(patterns)), np.nan) for days in horizons}
    for start, first, last in zip(range(0, len(unique), _BLOCK), ends, ends[1:], strict=False):
        here, block = order[first:last], slice(start, start + _BLOCK)
        drawn = _drawn(model, money, x[block, None], age[block, None], random)
        for days in horizons:
            purchases, amounts = _simulated(drawn, money, days, random)
            for number, draws in ((0, purchases), (2, amounts)):
                if draws is None:
                    continue
                draws.sort(axis=1)
                for add, level in enumerate((LOW, HIGH)):
                    found[days][number + add, here] = _quantile(
                        draws, places[here] - start, active[here], level
                    )
    return {days: Interval(*bounds) for days, bounds in found.items()}


@dataclass(frozen=True)
class _Drawn:
    """Draws of active customers, (n, DRAWS) each.

    rates: purchases a day. last: the purchase after which the customer is inactive. scales: of the
    amounts; None without a model of them.
    """

    rates: Array
    last: Array
    scales: Array | None


def _drawn(
    model: BgNbd, money: GammaGamma | None, x: Array, age: Array, random: np.random.Generator
) -> _Drawn:
    """Return draws from the posteriors of customers with x and T, (n, 1) each."""
    shape = (len(x), DRAWS)
    rates = random.standard_gamma(model.r + x, shape) / (model.alpha + age)
    chances = random.beta(model.a, model.b + x, shape)
    # By inversion: the probability to become inactive may be nearly 0.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        last = np.ceil(np.log1p(-random.random(shape)) / np.log1p(-chances))
    last = np.fmax(np.nan_to_num(last, nan=np.inf, posinf=np.inf), 1.0)
    scales = None
    if money is not None:
        scales = random.standard_gamma(money.q + money.p * (x + 1), shape)
    return _Drawn(rates, last, scales)


def _simulated(
    drawn: _Drawn, money: GammaGamma | None, days: float, random: np.random.Generator
) -> tuple[Array, Array | None]:
    """Return purchases and amounts of the next days, (n, DRAWS) each."""
    made = random.poisson(np.minimum(drawn.rates * days, _MOST_PURCHASES))
    purchases = np.minimum(np.minimum(made, drawn.last), max(days, 1.0))
    if money is None or drawn.scales is None:
        return purchases, None
    return purchases, random.standard_gamma(money.p * purchases) / drawn.scales


def _quantile(draws: Array, rows: np.ndarray, active: Array, level: float) -> Array:
    """Return the quantile of sorted draws (m, DRAWS) of active customers, by row; 0 otherwise."""
    among_active = (level - (1 - active)) / np.maximum(active, np.finfo(float).tiny)
    places = np.clip(np.ceil(among_active * DRAWS) - 1, 0, DRAWS - 1).astype(int)
    found: Array = np.where(among_active > 0, draws[rows, places], 0.0)
    return found
