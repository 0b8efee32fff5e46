"""Maximum likelihood with scipy over every customer, as the papers write it.

One row per customer, the likelihood without its slopes, minimised by the simplex method of Nelder
and Mead from ones. Reads and writes the same columns as the platform.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

from bankseg_assets.stats.arrays import Array
from tools.bench.value.timing import timed

HORIZON = 90


def main(folder: Path) -> None:
    """Fit and score the customers of a folder."""
    with timed() as found:
        rows = pq.read_table(folder).to_pandas()
        ages = pd.to_datetime(rows["snapshot_date"]) - pd.to_datetime(rows["first_day"])
        age = ages.dt.days.to_numpy(np.float64)
        days = rows["active_days"].to_numpy(np.float64)
        x, last = days - 1, np.where(days > 1, age - rows["recency"], 0.0)
        spend = rows["monetary"].to_numpy(np.float64)
        r, alpha, a, b = _fitted(
            lambda logs: -float(purchases_of_each(np.exp(logs), x, last, age).mean()), 4
        )
        found.parameters = [float(value) for value in (r, alpha, a, b)]
        mean = spend / days
        some, scale = mean > 0, float(mean[mean > 0].mean())
        p, q, v = _fitted(
            lambda logs: (
                -float(amounts_of_each(np.exp(logs), days[some], mean[some] / scale).mean())
            ),
            3,
        )
        odds = a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + last)) ** (r + x)
        alive = np.where(x > 0, 1 / (1 + odds), 1.0)
        share = HORIZON / (alpha + age + HORIZON)
        series = hyp2f1(r + x, b + x, a + b + x - 1, share)
        expected = (a + b + x - 1) / (a - 1) * (1 - (1 - share) ** (r + x) * series) * alive
        each = p * (v * scale + spend) / (p * days + q - 1)
        rows.assign(p_alive=alive, days_next_90=expected, spend_next_90=expected * each)[
            ["customer_id", "p_alive", "days_next_90", "spend_next_90"]
        ].to_parquet(folder.with_name("scored.parquet"))


def _fitted(loss: Callable[[Array], float], count: int) -> Array:
    options = {"maxiter": 2_000, "xatol": 1e-4, "fatol": 1e-8}
    found = minimize(loss, np.zeros(count), method="Nelder-Mead", options=options)
    fitted: Array = np.exp(found.x)
    return fitted


def purchases_of_each(parameters: Array, x: Array, last: Array, age: Array) -> Array:
    """Return the log-likelihood of each customer's purchases (BG/NBD)."""
    r, alpha, a, b = parameters
    known = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    known += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    active = -(r + x) * np.log(alpha + age)
    gone = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + last)
    found: Array = known + np.where(x > 0, np.logaddexp(active, gone), active)
    return found


def amounts_of_each(parameters: Array, n: Array, mean: Array) -> Array:
    """Return the log-likelihood of each customer's mean amount of n (Gamma-Gamma)."""
    p, q, v = parameters
    found: Array = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(v)
    found += (p * n - 1) * np.log(mean) + p * n * np.log(n)
    found -= (p * n + q) * np.log(v + n * mean)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
