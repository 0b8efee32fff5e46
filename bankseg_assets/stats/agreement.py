"""Agreement between two groupings of the same customers."""

import numpy as np
import numpy.typing as npt

from bankseg_assets.stats.arrays import Array, Labels


def contingency(
    first: Labels, second: Labels, weights: Array, shape: tuple[int, int] | None = None
) -> Array:
    """Return the contingency table (k, l) of two labelings from 0 (n,), weighted."""
    table = np.zeros(shape or (int(first.max(initial=0)) + 1, int(second.max(initial=0)) + 1))
    np.add.at(table, (first, second), weights)
    return table


def adjusted_rand_index(table: npt.NDArray[np.float64] | Labels) -> float:
    """Return the adjusted Rand index: 1 for identical groupings, 0 for agreement by chance.

    `table`: (k, l), customers in group i of the first and j of the second grouping.
    (Hubert and Arabie, Comparing partitions, 1985.)
    """
    counts = table.astype(np.float64)

    def pairs(numbers: Array) -> float:
        return float((numbers * (numbers - 1) / 2).sum())

    together = pairs(counts)
    rows, columns = pairs(counts.sum(axis=1)), pairs(counts.sum(axis=0))
    everything = pairs(np.array([counts.sum()]))
    expected = rows * columns / everything if everything else 0.0
    most = (rows + columns) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)


def overlap(table: Array) -> Array:
    """Return the Jaccard index |i and j| / |i or j| of every pair of groups (k, l)."""
    either = table.sum(axis=1)[:, None] + table.sum(axis=0)[None] - table
    found: Array = table / np.maximum(either, 1e-300)
    return found
