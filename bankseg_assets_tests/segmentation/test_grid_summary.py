"""The summary preserves weights, means and exact inertia for k-means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from bankseg_assets.segmentation import grid_summary as summary_module
from bankseg_assets.segmentation.grid_summary import GRID_SIDE, GridSummary, summarise
from bankseg_assets.segmentation.partition import squared_distances

POINTS = np.random.default_rng(3).normal(size=(400, 2))


@pytest.mark.slow
@pytest.mark.parametrize("most_cells", [20_000, 40])
def test_summary_preserves_weights_means_and_inertia(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, most_cells: int
) -> None:
    monkeypatch.setattr(summary_module, "MOST_CELLS", most_cells)
    frame = spark.createDataFrame(POINTS.tolist(), "pc1 double, pc2 double")
    found = summarise(frame, 2)
    assert found.weights.sum() == len(POINTS)
    np.testing.assert_allclose(found.weights @ found.means / len(POINTS), POINTS.mean(axis=0))
    total = ((POINTS - POINTS.mean(axis=0)) ** 2).sum()
    between = found.weights @ ((found.means - POINTS.mean(axis=0)) ** 2).sum(axis=1)
    assert found.within_inertia + between == pytest.approx(total, rel=1e-6)
    assert len(found.weights) <= most_cells
    assert (found.side == GRID_SIDE) == (most_cells == 20_000)
    if found.side > GRID_SIDE:
        cells = {tuple(cell) for cell in np.floor(POINTS / found.side).tolist()}
        assert len(found.weights) == len(cells)


def test_equal_customers_are_one_cell_in_fixed_order(spark: SparkSession) -> None:
    points = [(0.5, -0.5), (-1.0, 2.0), (0.5, -0.5)]
    found = summarise(spark.createDataFrame(points, "pc1 double, pc2 double"), 2)
    assert found.means.tolist() == [[-1.0, 2.0], [0.5, -0.5]]
    assert found.weights.tolist() == [1.0, 2.0]
    assert found.within_inertia == 0.0


@given(
    seed=st.integers(0, 10_000),
    side=st.floats(0.01, 2.0),
    k=st.integers(1, 6),
    spread=st.floats(0.1, 5.0),
)
def test_error_bound_holds_for_any_centres(seed: int, side: float, k: int, spread: float) -> None:
    random = np.random.default_rng(seed)
    points, centres = random.normal(0, spread, (200, 2)), random.normal(0, spread, (k, 2))
    cells, owner = np.unique(np.floor(points / side), axis=0, return_inverse=True)
    owner = owner.reshape(-1)
    weights = np.bincount(owner).astype(float)
    means = np.zeros((len(cells), 2))
    np.add.at(means, owner, points)
    means /= weights[:, None]
    within = float(((points - means[owner]) ** 2).sum())
    summary = GridSummary(means, weights, within, side)
    bound = within + float(weights @ squared_distances(means, centres).min(axis=1))
    true = float(squared_distances(points, centres).min(axis=1).sum())
    assert bound * (1 - summary.error_bound(bound)) <= true * (1 + 1e-9)
    assert true <= bound * (1 + 1e-9)


def test_summary_of_distinct_points_has_no_error() -> None:
    exact = GridSummary(np.zeros((1, 2)), np.ones(1), 0.0, GRID_SIDE)
    assert exact.error_bound(3.0) == pytest.approx(0.0, abs=1e-12)
    assert exact.error_bound(0.0) == 0.0
