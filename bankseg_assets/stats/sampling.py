"""Sampling error of statistics of a table of counts."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bankseg_assets.stats.metrics import f1_scores

Counts = npt.NDArray[np.int64]

RULE_OF_THREE = 3.0
"""Rule of three: no error among n customers means an error rate of up to 3/n (95 % confidence)."""


def noise(table: Counts, statistic: Callable[[Counts], float]) -> float:
    """Return the half-width of a 95 % confidence interval of a statistic of counts (k, l).

    Two standard errors by the delete-one jackknife (Efron and Stein, 1981), which is exact and
    cheap for counts: the customers of a cell are alike. The rule of three is added, because a
    table without errors has zero variance but proves nothing. Returns 1 for an empty table.
    """
    n = int(table.sum())
    if n <= 1:
        return 1.0
    cells = np.argwhere(table > 0)
    weights = table[table > 0]
    found = np.array([statistic(_delete_one(table, *cell)) for cell in cells])
    mean = float(weights @ found) / n
    variance = (n - 1) / n * float(weights @ (found - mean) ** 2)
    return min(float(2 * variance**0.5) + RULE_OF_THREE / n, 1.0)


def macro_f1(confusion: Counts) -> float:
    """Return the macro F1 of a confusion matrix (k, k)."""
    return float(f1_scores(confusion).mean())


def _delete_one(table: Counts, row: int, column: int) -> Counts:
    less = table.copy()
    less[row, column] -= 1
    return less
