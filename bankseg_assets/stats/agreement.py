"""How far two groupings of the same customers agree."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def contingency(
    first: Labels, second: Labels, weights: Array, shape: tuple[int, int] | None = None
) -> Array:
    """Return the weight in group i of the one and j of the other (k, l), of labels from 0 (n,)."""
    table = np.zeros(shape or (int(first.max(initial=0)) + 1, int(second.max(initial=0)) + 1))
    np.add.at(table, (first, second), weights)
    return table


def adjusted_rand_index(table: npt.NDArray[np.float64] | Labels) -> float:
    """Return how far two groupings agree beyond chance: 1 the same, 0 as by chance.

    `table`: (k, l), customers in group i of the one and j of the other.
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
    """Return |i and j| / |i or j| (Jaccard) of groups i of the one and j of the other (k, l)."""
    either = table.sum(axis=1)[:, None] + table.sum(axis=0)[None] - table
    found: Array = table / np.maximum(either, 1e-300)
    return found
