"""Summarise all customers by the cells of a fine grid in component space, with weights.

Choosing k needs dozens of fits; on the summary their cost does not grow with the customers. A cell
is replaced by the mean of its members, so for any partition that does not split cells the inertia
is exact up to the constant scatter within cells.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.segmentation.features import component_names

GRID_SIDE = 0.02  # standard deviations
MOST_CELLS = 20_000


@dataclass(frozen=True)
class GridSummary:
    """m cells in c components: means (m, c), weights (m,), and the inertia within cells."""

    means: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    within_inertia: float
    side: float

    def error_bound(self, inertia: float) -> float:
        """Return an upper bound of the relative error of the summary's `inertia`.

        It holds for any centres. `inertia` is B + W: of the cells' means, and within cells. Not
        splitting cells is one possible partition, so the best costs at most B + W. By the triangle
        inequality in the space of all customers it costs at least (sqrt(B) - sqrt(W))^2.
        """
        if inertia <= 0:
            return 0.0
        of_means, within = max(inertia - self.within_inertia, 0.0), self.within_inertia
        least = max(np.sqrt(of_means) - np.sqrt(max(within, 0.0)), 0.0) ** 2
        return float(1 - least / inertia)


def summarise(points: DataFrame, n_components: int) -> GridSummary:
    """Summarise customers with scores pc1..pcc, coarsening the grid until the cells are few."""
    side = GRID_SIDE
    while True:
        summary = _summarise(points, n_components, side)
        if len(summary.weights) <= MOST_CELLS:
            return summary
        side *= 2


def spread_sample(
    summary: GridSummary, size: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return sampled points (m, c) and their counts (m,), at most `size` customers in total.

    A systematic sample along the grid: every cell has its share to within one customer.
    """
    ends = np.cumsum(summary.weights)
    step = max(ends[-1] / size, 1.0)
    places = np.searchsorted(ends, np.arange(step / 2, ends[-1], step), side="right")
    cells, counts = np.unique(np.minimum(places, len(ends) - 1), return_counts=True)
    return summary.means[cells], counts.astype(np.float64)


def _summarise(points: DataFrame, n_components: int, side: float) -> GridSummary:
    names = component_names(n_components)
    cells = [F.floor(F.col(name) / side).cast("int").alias(f"cell_{name}") for name in names]
    grouped = (
        points.groupBy(*cells)
        .agg(
            F.count(F.lit(1)).cast("double").alias("weight"),
            *(F.sum(name).alias(f"sum_{name}") for name in names),
            *(F.sum(F.col(name) * F.col(name)).alias(f"square_{name}") for name in names),
        )
        .limit(4 * MOST_CELLS)
        .toPandas()
        .sort_values([f"cell_{name}" for name in names])
    )
    weights = grouped["weight"].to_numpy()
    sums = grouped[[f"sum_{name}" for name in names]].to_numpy()
    squares = grouped[[f"square_{name}" for name in names]].to_numpy()
    means = sums / weights[:, None]
    within = float((squares - sums * means).sum())
    # Rounded, because the last digits of a cell's sum depend on the order of its rows.
    return GridSummary(np.round(means, 9), weights, round(within, 6), side)
